// viem_read.mjs RPC IDENTITY REPUTATION ID CLIENT KEY - what viem, with the ABI of the EIP, reads of an agent: one line of JSON.
import { createPublicClient, http, parseAbi, hexToString } from 'viem';

const [rpc, identity, reputation, id, client, key] = process.argv.slice(2);
const chain = createPublicClient({ transport: http(rpc) });
const abi = parseAbi([
    'function ownerOf(uint256) view returns (address)',
    'function tokenURI(uint256) view returns (string)',
    'function getAgentWallet(uint256) view returns (address)',
    'function getMetadata(uint256,string) view returns (bytes)',
    'event Registered(uint256 indexed agentId, string agentURI, address indexed owner)',
    'event NewFeedback(uint256 indexed agentId, address indexed clientAddress, uint64 feedbackIndex, int128 value, ' +
        'uint8 valueDecimals, string indexed indexedTag1, string tag1, string tag2, string endpoint, string feedbackURI, ' +
        'bytes32 feedbackHash)',
    'function readFeedback(uint256,address,uint64) view returns (int128,uint8,string,string,bool)',
]);
const read = (address, functionName, ...args) => chain.readContract({ address, abi, functionName, args });
const uri = await read(identity, 'tokenURI', BigInt(id));
const events = await chain.getContractEvents({ address: identity, abi, eventName: 'Registered', fromBlock: 0n });
const feedback = await chain.getContractEvents({ address: reputation, abi, eventName: 'NewFeedback', fromBlock: 0n });
const [value, decimals, tag1, , revoked] = await read(reputation, 'readFeedback', BigInt(id), client, 1n);
console.log(JSON.stringify({
    chain: await chain.getChainId(),
    owner: await read(identity, 'ownerOf', BigInt(id)),
    wallet: await read(identity, 'getAgentWallet', BigInt(id)),
    metadata: hexToString(await read(identity, 'getMetadata', BigInt(id), key)),
    file: JSON.parse(Buffer.from(uri.split(',')[1], 'base64').toString('utf8')),
    registered: events.map((e) => Number(e.args.agentId)),
    feedback: { value: Number(value), decimals, tag1, revoked, endpoint: feedback[0].args.endpoint,
        hash: feedback[0].args.feedbackHash },
}));
