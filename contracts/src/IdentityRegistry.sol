// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC721URIStorage} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// ERC-8004 identity registry for local chains, written from the text of the EIP: an agent is an ERC-721 token with a
/// URI, metadata, and a wallet that proved by its signature that it belongs to the agent. Not upgradeable, no owner.
contract IdentityRegistry is ERC721URIStorage, EIP712 {
    struct MetadataEntry {
        string metadataKey;
        bytes metadataValue;
    }

    event Registered(uint256 indexed agentId, string agentURI, address indexed owner);
    event URIUpdated(uint256 indexed agentId, string newURI, address indexed updatedBy);
    event MetadataSet(
        uint256 indexed agentId, string indexed indexedMetadataKey, string metadataKey, bytes metadataValue
    );

    bytes32 private constant WALLET_TYPEHASH =
        keccak256("AgentWalletSet(uint256 agentId,address newWallet,address owner,uint256 deadline)");
    string private constant WALLET = "agentWallet";
    uint256 private constant MAX_DELAY = 5 minutes;

    uint256 private nextId; // ids count from 0
    mapping(uint256 agentId => mapping(string key => bytes value)) private metadata;

    constructor() ERC721("AgentIdentity", "AGENT") EIP712("ERC8004IdentityRegistry", "1") {}

    /// Code and not storage, so that the contract also works behind a proxy that runs no constructor.
    function name() public pure override returns (string memory) {
        return "AgentIdentity";
    }

    function symbol() public pure override returns (string memory) {
        return "AGENT";
    }

    function getVersion() external pure returns (string memory) {
        return "2.0.0";
    }

    // ------------------------------------------------------------ registration

    function register() external returns (uint256 agentId) {
        agentId = mint();
        announce(agentId, "");
    }

    function register(string calldata agentURI) external returns (uint256 agentId) {
        agentId = mint();
        _setTokenURI(agentId, agentURI);
        announce(agentId, agentURI);
    }

    function register(string calldata agentURI, MetadataEntry[] calldata entries) external returns (uint256 agentId) {
        agentId = mint();
        _setTokenURI(agentId, agentURI);
        announce(agentId, agentURI);
        for (uint256 i = 0; i < entries.length; i++) {
            put(agentId, entries[i].metadataKey, entries[i].metadataValue);
        }
    }

    function mint() private returns (uint256 agentId) {
        agentId = nextId++;
        metadata[agentId][WALLET] = abi.encodePacked(msg.sender);
        _safeMint(msg.sender, agentId);
    }

    function announce(uint256 agentId, string memory agentURI) private {
        emit Registered(agentId, agentURI, msg.sender);
        emit MetadataSet(agentId, WALLET, WALLET, abi.encodePacked(msg.sender));
    }

    // ---------------------------------------------------------- URI and metadata

    modifier authorized(uint256 agentId) {
        require(isAuthorizedOrOwner(msg.sender, agentId), "Not authorized");
        _;
    }

    /// Owner, operator for all, or approved for this token. Reverts for an agent that does not exist.
    function isAuthorizedOrOwner(address spender, uint256 agentId) public view returns (bool) {
        return _isAuthorized(ownerOf(agentId), spender, agentId);
    }

    function setAgentURI(uint256 agentId, string calldata newURI) external authorized(agentId) {
        _setTokenURI(agentId, newURI);
        emit URIUpdated(agentId, newURI, msg.sender);
    }

    function getMetadata(uint256 agentId, string calldata metadataKey) external view returns (bytes memory) {
        return metadata[agentId][metadataKey];
    }

    function setMetadata(uint256 agentId, string calldata metadataKey, bytes calldata metadataValue)
        external
        authorized(agentId)
    {
        put(agentId, metadataKey, metadataValue);
    }

    function put(uint256 agentId, string calldata key, bytes calldata value) private {
        require(keccak256(bytes(key)) != keccak256(bytes(WALLET)), "reserved key");
        metadata[agentId][key] = value;
        emit MetadataSet(agentId, key, key, value);
    }

    // ------------------------------------------------------------------- wallet

    function getAgentWallet(uint256 agentId) external view returns (address) {
        return address(bytes20(metadata[agentId][WALLET]));
    }

    /// The new wallet agrees by its signature (or, as a contract, by ERC-1271); the caller must be authorized for the agent.
    function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes calldata signature)
        external
        authorized(agentId)
    {
        require(newWallet != address(0), "bad wallet");
        require(block.timestamp <= deadline, "expired");
        require(deadline <= block.timestamp + MAX_DELAY, "deadline too far");
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(WALLET_TYPEHASH, agentId, newWallet, ownerOf(agentId), deadline))
        );
        require(agrees(newWallet, digest, signature), "invalid wallet sig");
        setWallet(agentId, abi.encodePacked(newWallet));
    }

    function agrees(address wallet, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError failed,) = ECDSA.tryRecover(digest, signature);
        if (failed == ECDSA.RecoverError.NoError && signer == wallet) {
            return true;
        }
        return SignatureChecker.isValidERC1271SignatureNow(wallet, digest, signature);
    }

    function unsetAgentWallet(uint256 agentId) external authorized(agentId) {
        setWallet(agentId, "");
    }

    function setWallet(uint256 agentId, bytes memory value) private {
        metadata[agentId][WALLET] = value;
        emit MetadataSet(agentId, WALLET, WALLET, value);
    }

    /// A new owner has not agreed with the old wallet: every transfer clears it first.
    function _update(address to, uint256 tokenId, address auth) internal override(ERC721) returns (address) {
        if (_ownerOf(tokenId) != address(0)) {
            setWallet(tokenId, "");
        }
        return super._update(to, tokenId, auth);
    }
}
