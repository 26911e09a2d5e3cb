// bench_eth_peer.mjs - viem's rows of bench_eth: reads the name of a row a line, measures it for a round, answers with
// microseconds a call. Its packages are those of tests/npm/eth.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(new URL('../tests/npm/eth/package.json', import.meta.url))
const load = (name) => import(pathToFileURL(require.resolve(name)))
const { hashTypedData } = await load('viem')
const { privateKeyToAccount } = await load('viem/accounts')

const account = privateKeyToAccount('0x' + '46'.repeat(32))
const transaction = { type: 'eip1559', chainId: 84532, nonce: 7, gas: 200000n, maxFeePerGas: 9n << 32n, maxPriorityFeePerGas: 5n << 24n,
  to: '0x0000000000000000000000000000000000000000', value: 0n, data: '0x' + '33'.repeat(260) }
const typed = {
  domain: { name: 'ERC8004IdentityRegistry', version: '1', chainId: 84532, verifyingContract: '0x8004a818bfb912233c491871b3d84c89a494bd9e' },
  types: { AgentWalletSet: [{ name: 'agentId', type: 'uint256' }, { name: 'newWallet', type: 'address' }, { name: 'owner', type: 'address' }, { name: 'deadline', type: 'uint256' }] },
  primaryType: 'AgentWalletSet',
  message: { agentId: 22n, newWallet: '0x9965507d1a55bcc2695c58ba16fb37d819b0a4dc', owner: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266', deadline: 1700001406n },
}
const rows = {
  transaction: () => account.signTransaction(transaction),
  typed: () => hashTypedData(typed),
}

console.log('ready')
for await (const name of createInterface({ input: process.stdin })) {
  const begin = performance.now()
  let count = 0, end
  do {
    await rows[name]()
    count++
    end = performance.now()
  } while (end - begin < 50)
  console.log(((end - begin) / count * 1000).toFixed(3))
}
