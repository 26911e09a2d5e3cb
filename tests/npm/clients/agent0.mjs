// agent0.mjs RPC IDENTITY REPUTATION read ID CLIENT      what agent0-sdk reads of an agent of ours: one line of JSON
// agent0.mjs RPC IDENTITY REPUTATION write KEY OTHER_KEY  an agent that agent0-sdk registers, changes and judges
import { SDK } from 'agent0-sdk';

const [rpcUrl, IDENTITY, REPUTATION, what, ...args] = process.argv.slice(2);
const chainId = 31337;
const open = (privateKey) =>
    new SDK({ chainId, rpcUrl, privateKey, registryOverrides: { [chainId]: { IDENTITY, REPUTATION } } });

async function read(id, client) {
    const sdk = open();
    const agent = await sdk.loadAgent(`${chainId}:${id}`);
    const file = agent.getRegistrationFile();
    sdk.reputationRegistryAddress(); // tells it to the part that reads feedback
    const feedback = await sdk.getFeedback(`${chainId}:${id}`, client, 1);
    console.log(JSON.stringify({
        name: file.name, description: file.description, active: file.active, trust: file.trustModels,
        endpoints: file.endpoints.map((e) => [e.type, e.value]), wallet: await agent.getWallet(),
        owner: await sdk.getAgentOwner(`${chainId}:${id}`),
        feedback: { value: feedback.value, tags: feedback.tags, endpoint: feedback.endpoint, revoked: feedback.isRevoked },
    }));
}

async function write(key, otherKey) {
    const sdk = open(key), other = open(otherKey);
    const agent = sdk.createAgent('zed', 'made by agent0-sdk: \u00fcber', 'https://zed.example/z.png');
    await agent.setMCP('https://zed.example/mcp', '2025-06-18', false);
    agent.setTrust(true, false, true);
    agent.setActive(true);
    agent.setMetadata({ role: 'worker' });
    const { result } = await (await agent.registerOnChain()).waitMined();
    const id = result.agentId;
    await (await agent.registerOnChain()).waitMined(); // again: setAgentURI with the file that names the id
    const loaded = await sdk.loadAgent(id);
    const wallet = await other.chainClient.getAddress();
    await (await loaded.setWallet(wallet, { newWalletPrivateKey: otherKey })).waitMined();
    await (await other.giveFeedback(id, 87.5, 'starred', 'shopping', 'https://zed.example/mcp')).waitMined();
    await (await other.giveFeedback(id, -3, 'uptime')).waitMined();
    await (await other.revokeFeedback(id, 2)).waitMined();
    const empty = sdk.createAgent('hosted', 'its file is elsewhere');
    const hosted = await (await empty.registerHTTP('https://hosted.example/agent.json')).waitMined();
    console.log(JSON.stringify({ id, wallet, client: wallet, hosted: hosted.result.agentId }));
}

await (what === 'read' ? read(...args) : write(...args));
