// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

interface IAgentAuthority {
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool);
}

/// ERC-8004 validation registry for local chains, written from the text of the EIP: an agent asks a validator, which answers with
/// 0 to 100 as often as it likes. A request's hash is one key for all agents.
contract ValidationRegistry {
    event ValidationRequest(
        address indexed validatorAddress, uint256 indexed agentId, string requestURI, bytes32 indexed requestHash
    );
    event ValidationResponse(
        address indexed validatorAddress,
        uint256 indexed agentId,
        bytes32 indexed requestHash,
        uint8 response,
        string responseURI,
        bytes32 responseHash,
        string tag
    );

    struct Status {
        address validatorAddress;
        uint256 agentId;
        uint8 response;
        bytes32 responseHash;
        string tag;
        uint256 lastUpdate;
        bool hasResponse;
    }

    address private immutable identityRegistry;
    mapping(bytes32 requestHash => Status) private statuses;
    mapping(uint256 agentId => bytes32[]) private ofAgent;
    mapping(address validator => bytes32[]) private ofValidator;

    constructor(address identityRegistry_) {
        require(identityRegistry_ != address(0), "bad identity");
        identityRegistry = identityRegistry_;
    }

    function getVersion() external pure returns (string memory) {
        return "2.0.0";
    }

    function getIdentityRegistry() external view returns (address) {
        return identityRegistry;
    }

    function validationRequest(
        address validatorAddress,
        uint256 agentId,
        string calldata requestURI,
        bytes32 requestHash
    ) external {
        require(validatorAddress != address(0), "bad validator");
        require(statuses[requestHash].validatorAddress == address(0), "exists");
        require(IAgentAuthority(identityRegistry).isAuthorizedOrOwner(msg.sender, agentId), "Not authorized");
        statuses[requestHash] = Status(validatorAddress, agentId, 0, bytes32(0), "", block.timestamp, false);
        ofAgent[agentId].push(requestHash);
        ofValidator[validatorAddress].push(requestHash);
        emit ValidationRequest(validatorAddress, agentId, requestURI, requestHash);
    }

    function validationResponse(
        bytes32 requestHash,
        uint8 response,
        string calldata responseURI,
        bytes32 responseHash,
        string calldata tag
    ) external {
        Status storage status = statuses[requestHash];
        require(status.validatorAddress != address(0), "unknown");
        require(msg.sender == status.validatorAddress, "not validator");
        require(response <= 100, "resp>100");
        status.response = response;
        status.responseHash = responseHash;
        status.tag = tag;
        status.lastUpdate = block.timestamp;
        status.hasResponse = true;
        emit ValidationResponse(msg.sender, status.agentId, requestHash, response, responseURI, responseHash, tag);
    }

    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (
            address validatorAddress,
            uint256 agentId,
            uint8 response,
            bytes32 responseHash,
            string memory tag,
            uint256 lastUpdate
        )
    {
        Status storage s = statuses[requestHash];
        require(s.validatorAddress != address(0), "unknown");
        return (s.validatorAddress, s.agentId, s.response, s.responseHash, s.tag, s.lastUpdate);
    }

    /// The mean of the last answers, rounded down; pending requests do not count. An empty list means every validator.
    function getSummary(uint256 agentId, address[] calldata validatorAddresses, string calldata tag)
        external
        view
        returns (uint64 count, uint8 avgResponse)
    {
        uint256 sum;
        bytes32[] storage hashes = ofAgent[agentId];
        for (uint256 i = 0; i < hashes.length; i++) {
            Status storage s = statuses[hashes[i]];
            bool fits = bytes(tag).length == 0 || keccak256(bytes(s.tag)) == keccak256(bytes(tag));
            if (s.hasResponse && fits && isListed(s.validatorAddress, validatorAddresses)) {
                sum += s.response;
                count++;
            }
        }
        avgResponse = count == 0 ? 0 : uint8(sum / count);
    }

    function isListed(address validator, address[] calldata list) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; i++) {
            if (list[i] == validator) {
                return true;
            }
        }
        return list.length == 0;
    }

    function getAgentValidations(uint256 agentId) external view returns (bytes32[] memory) {
        return ofAgent[agentId];
    }

    function getValidatorRequests(address validatorAddress) external view returns (bytes32[] memory) {
        return ofValidator[validatorAddress];
    }
}
