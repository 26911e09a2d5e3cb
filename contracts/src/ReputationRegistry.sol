// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

interface IAgentAuthority {
    function isAuthorizedOrOwner(address spender, uint256 agentId) external view returns (bool);
}

/// ERC-8004 reputation registry for local chains, written from the text of the EIP: signed values that clients give to agents,
/// revocable by the client, answerable by anybody.
contract ReputationRegistry {
    event NewFeedback(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        int128 value,
        uint8 valueDecimals,
        string indexed indexedTag1,
        string tag1,
        string tag2,
        string endpoint,
        string feedbackURI,
        bytes32 feedbackHash
    );
    event FeedbackRevoked(uint256 indexed agentId, address indexed clientAddress, uint64 indexed feedbackIndex);
    event ResponseAppended(
        uint256 indexed agentId,
        address indexed clientAddress,
        uint64 feedbackIndex,
        address indexed responder,
        string responseURI,
        bytes32 responseHash
    );

    struct Feedback {
        int128 value;
        uint8 valueDecimals;
        bool isRevoked;
        string tag1;
        string tag2;
    }

    int128 private constant MAX_VALUE = 1e38;
    uint8 private constant MAX_DECIMALS = 18;

    address private immutable identityRegistry;
    mapping(uint256 agentId => mapping(address client => mapping(uint64 index => Feedback))) private feedback;
    mapping(uint256 agentId => mapping(address client => uint64)) private lastIndex; // indexes count from 1
    mapping(uint256 agentId => address[]) private clients;
    mapping(uint256 agentId => mapping(address client => mapping(uint64 index => mapping(address => uint64)))) private
        responseCount;
    mapping(uint256 agentId => mapping(address client => mapping(uint64 index => address[]))) private responders;

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

    // ------------------------------------------------------------------ writing

    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string calldata tag1,
        string calldata tag2,
        string calldata endpoint,
        string calldata feedbackURI,
        bytes32 feedbackHash
    ) external {
        require(valueDecimals <= MAX_DECIMALS, "too many decimals");
        require(value >= -MAX_VALUE && value <= MAX_VALUE, "value too large");
        require(
            !IAgentAuthority(identityRegistry).isAuthorizedOrOwner(msg.sender, agentId), "Self-feedback not allowed"
        );
        uint64 index = ++lastIndex[agentId][msg.sender];
        if (index == 1) {
            clients[agentId].push(msg.sender);
        }
        feedback[agentId][msg.sender][index] = Feedback(value, valueDecimals, false, tag1, tag2);
        emit NewFeedback(
            agentId, msg.sender, index, value, valueDecimals, tag1, tag1, tag2, endpoint, feedbackURI, feedbackHash
        );
    }

    function checkIndex(uint256 agentId, address client, uint64 index) private view {
        require(index > 0, "index must be > 0");
        require(index <= lastIndex[agentId][client], "index out of bounds");
    }

    function revokeFeedback(uint256 agentId, uint64 feedbackIndex) external {
        checkIndex(agentId, msg.sender, feedbackIndex);
        Feedback storage entry = feedback[agentId][msg.sender][feedbackIndex];
        require(!entry.isRevoked, "Already revoked");
        entry.isRevoked = true;
        emit FeedbackRevoked(agentId, msg.sender, feedbackIndex);
    }

    function appendResponse(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        string calldata responseURI,
        bytes32 responseHash
    ) external {
        checkIndex(agentId, clientAddress, feedbackIndex);
        require(bytes(responseURI).length > 0, "Empty URI");
        if (responseCount[agentId][clientAddress][feedbackIndex][msg.sender]++ == 0) {
            responders[agentId][clientAddress][feedbackIndex].push(msg.sender);
        }
        emit ResponseAppended(agentId, clientAddress, feedbackIndex, msg.sender, responseURI, responseHash);
    }

    // ------------------------------------------------------------------ reading

    function getClients(uint256 agentId) external view returns (address[] memory) {
        return clients[agentId];
    }

    function getLastIndex(uint256 agentId, address clientAddress) external view returns (uint64) {
        return lastIndex[agentId][clientAddress];
    }

    function readFeedback(uint256 agentId, address clientAddress, uint64 feedbackIndex)
        external
        view
        returns (int128 value, uint8 valueDecimals, string memory tag1, string memory tag2, bool isRevoked)
    {
        checkIndex(agentId, clientAddress, feedbackIndex);
        Feedback storage entry = feedback[agentId][clientAddress][feedbackIndex];
        return (entry.value, entry.valueDecimals, entry.tag1, entry.tag2, entry.isRevoked);
    }

    function fits(string memory tag, string calldata wanted) private pure returns (bool) {
        return bytes(wanted).length == 0 || keccak256(bytes(tag)) == keccak256(bytes(wanted));
    }

    function counts(Feedback storage entry, string calldata tag1, string calldata tag2, bool includeRevoked)
        private
        view
        returns (bool)
    {
        return (includeRevoked || !entry.isRevoked) && fits(entry.tag1, tag1) && fits(entry.tag2, tag2);
    }

    /// The mean of all that fits, truncated toward zero, at the number of decimals that is most frequent among them (the lowest of
    /// several). An address that is listed twice counts twice.
    function getSummary(uint256 agentId, address[] calldata clientAddresses, string calldata tag1, string calldata tag2)
        external
        view
        returns (uint64 count, int128 summaryValue, uint8 summaryValueDecimals)
    {
        require(clientAddresses.length > 0, "clientAddresses required");
        int256 sum;
        uint64[19] memory frequency;
        for (uint256 i = 0; i < clientAddresses.length; i++) {
            uint64 last = lastIndex[agentId][clientAddresses[i]];
            for (uint64 k = 1; k <= last; k++) {
                Feedback storage entry = feedback[agentId][clientAddresses[i]][k];
                if (counts(entry, tag1, tag2, false)) {
                    sum += int256(entry.value) * int256(10 ** uint256(MAX_DECIMALS - entry.valueDecimals));
                    frequency[entry.valueDecimals]++;
                    count++;
                }
            }
        }
        if (count == 0) {
            return (0, 0, 0);
        }
        for (uint8 d = 1; d <= MAX_DECIMALS; d++) {
            if (frequency[d] > frequency[summaryValueDecimals]) {
                summaryValueDecimals = d;
            }
        }
        int256 mean = sum / int256(uint256(count));
        summaryValue = int128(mean / int256(10 ** uint256(MAX_DECIMALS - summaryValueDecimals)));
    }

    struct All {
        address[] clients;
        uint64[] indexes;
        int128[] values;
        uint8[] decimals;
        string[] tag1s;
        string[] tag2s;
        bool[] revoked;
    }

    function readAllFeedback(
        uint256 agentId,
        address[] calldata clientAddresses,
        string calldata tag1,
        string calldata tag2,
        bool includeRevoked
    )
        external
        view
        returns (
            address[] memory,
            uint64[] memory feedbackIndexes,
            int128[] memory values,
            uint8[] memory valueDecimals,
            string[] memory tag1s,
            string[] memory tag2s,
            bool[] memory revokedStatuses
        )
    {
        address[] memory asked = clientAddresses;
        if (asked.length == 0) {
            asked = clients[agentId];
        }
        All memory all = room(countAll(agentId, asked, tag1, tag2, includeRevoked));
        uint256 n = 0;
        for (uint256 i = 0; i < asked.length; i++) {
            for (uint64 k = 1; k <= lastIndex[agentId][asked[i]]; k++) {
                Feedback storage entry = feedback[agentId][asked[i]][k];
                if (counts(entry, tag1, tag2, includeRevoked)) {
                    all.clients[n] = asked[i];
                    all.indexes[n] = k;
                    all.values[n] = entry.value;
                    all.decimals[n] = entry.valueDecimals;
                    all.tag1s[n] = entry.tag1;
                    all.tag2s[n] = entry.tag2;
                    all.revoked[n] = entry.isRevoked;
                    n++;
                }
            }
        }
        return (all.clients, all.indexes, all.values, all.decimals, all.tag1s, all.tag2s, all.revoked);
    }

    function countAll(
        uint256 agentId,
        address[] memory asked,
        string calldata tag1,
        string calldata tag2,
        bool includeRevoked
    ) private view returns (uint256 n) {
        for (uint256 i = 0; i < asked.length; i++) {
            for (uint64 k = 1; k <= lastIndex[agentId][asked[i]]; k++) {
                if (counts(feedback[agentId][asked[i]][k], tag1, tag2, includeRevoked)) {
                    n++;
                }
            }
        }
    }

    function room(uint256 n) private pure returns (All memory) {
        return All(
            new address[](n),
            new uint64[](n),
            new int128[](n),
            new uint8[](n),
            new string[](n),
            new string[](n),
            new bool[](n)
        );
    }

    /// All clients for address 0, all of a client's feedback for index 0, all responders for an empty list.
    function getResponseCount(
        uint256 agentId,
        address clientAddress,
        uint64 feedbackIndex,
        address[] calldata responders_
    ) external view returns (uint64 count) {
        if (clientAddress != address(0)) {
            return ofClient(agentId, clientAddress, feedbackIndex, responders_);
        }
        address[] storage all = clients[agentId];
        for (uint256 i = 0; i < all.length; i++) {
            count += ofClient(agentId, all[i], 0, responders_);
        }
    }

    function ofClient(uint256 agentId, address client, uint64 index, address[] calldata wanted)
        private
        view
        returns (uint64 count)
    {
        if (index != 0) {
            return ofFeedback(agentId, client, index, wanted);
        }
        for (uint64 k = 1; k <= lastIndex[agentId][client]; k++) {
            count += ofFeedback(agentId, client, k, wanted);
        }
    }

    function ofFeedback(uint256 agentId, address client, uint64 index, address[] calldata wanted)
        private
        view
        returns (uint64 count)
    {
        mapping(address => uint64) storage by = responseCount[agentId][client][index];
        for (uint256 i = 0; i < wanted.length; i++) {
            count += by[wanted[i]];
        }
        if (wanted.length == 0) {
            address[] storage all = responders[agentId][client][index];
            for (uint256 i = 0; i < all.length; i++) {
                count += by[all[i]];
            }
        }
    }
}
