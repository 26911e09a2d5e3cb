// testcases.mjs PEER - the published cases of @ethersproject/testcases, each file that speaks of something we have built.
import { readFileSync, readdirSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { start, fail } from './peer.mjs'

const folder = new URL('./node_modules/@ethersproject/testcases/testcases/', import.meta.url)
const load = (name) => JSON.parse(gunzipSync(readFileSync(new URL(`${name}.json.gz`, folder))))
const ask = start(process.argv[2])
const lower = (text) => text.toLowerCase()
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)
const left = {} // why a case is left out, and how many

const leave = (why) => { left[why] = (left[why] ?? 0) + 1 }
const expect = (ok, what, ...details) => ok || fail(what, details)
const integer = (text) => (text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text)).toString()
const decimal = (text) => text === undefined || text === '0x' ? '0' : BigInt(text).toString()

const notApplicable = {
  bignumber: 'arithmetic is not our business: values are words',
  hdnode: 'keys are not derived from phrases',
  namehash: 'ENS is not built',
  nameprep: 'ENS is not built',
  'solidity-hashes': 'abi.encodePacked is not built: nothing of ERC-8004 uses it, and it is ambiguous',
  units: 'amounts are in wei',
  wordlists: 'keys are not derived from phrases',
}

// The values of these files as ours: numbers as decimal strings, tuples as arrays.
function value(given) {
  if (Array.isArray(given)) return given.map(value)
  return given.type === 'tuple' ? given.value.map(value) : given.value
}

async function contract(name) {
  let done = 0
  for (const c of load(name)) {
    const types = JSON.parse(c.types).join(',')
    const values = JSON.parse(c.normalizedValues ?? c.values).map(value)
    if (/fixed|real/.test(types)) { leave('fixed point types'); continue }
    if (JSON.stringify(values).includes('\\u0000')) { leave('JSON with U+0000'); continue }
    const encoded = await ask('abi_encode', { types, values })
    expect(encoded.ok === lower(c.result), `${name} ${c.name}: encoding`, c.result, encoded)
    const decoded = await ask('abi_decode', { types, data: c.result })
    expect(decoded.ok && same(decoded.ok, values), `${name} ${c.name}: decoding`, values, decoded)
    done++
  }
  return done
}

const suites = {
  accounts: async () => {
    let done = 0
    for (const c of load('accounts')) {
      const right = await ask('address', { text: c.address })
      expect(right.ok === c.checksumAddress, `accounts ${c.name}`, c, right)
      const again = await ask('address', { text: c.checksumAddress })
      expect(again.ok === c.checksumAddress, `accounts ${c.name}`, c, again)
      const letter = c.checksumAddress.slice(2).search(/[a-fA-F]/)
      if (letter >= 0 && /[a-f]/.test(c.checksumAddress.slice(2)) && /[A-F]/.test(c.checksumAddress.slice(2))) {
        const at = letter + 2, one = c.checksumAddress[at]
        const wrong = c.checksumAddress.slice(0, at) + (one === lower(one) ? one.toUpperCase() : lower(one)) + c.checksumAddress.slice(at + 1)
        const oneCase = lower(wrong) === wrong || '0x' + wrong.slice(2).toUpperCase() === wrong
        if (!oneCase) expect((await ask('address', { text: wrong })).error === 'USAGE', `accounts ${c.name}: wrong capital`, wrong)
      }
      if (c.privateKey) {
        const made = await ask('key_address', { key: c.privateKey })
        expect(made.ok === c.checksumAddress, `accounts ${c.name}: key`, c, made)
      }
      done++
    }
    return done
  },
  'contract-events': async () => {
    let done = 0
    for (const c of load('contract-events')) {
      const anonymous = JSON.parse(c.interface).find((one) => one.name === 'testEvent').anonymous
      if (!anonymous) {
        const topic = await ask('abi_hash', { signature: `testEvent(${c.types.join(',')})` })
        expect(topic.ok === c.topics[0], `contract-events ${c.name}: topic`, c, topic)
      }
      const plain = c.types.filter((_, i) => !c.indexed[i]).join(',')
      const decoded = await ask('abi_decode', { types: plain, data: c.data })
      expect(decoded.ok, `contract-events ${c.name}: data`, c, decoded)
      const again = await ask('abi_encode', { types: plain, values: decoded.ok })
      expect(again.ok === c.data, `contract-events ${c.name}: data again`, c, again)
      // an indexed value that is not hashed is the topic itself
      let topics = anonymous ? 0 : 1, values = 0
      for (let i = 0; i < c.types.length; i++) {
        const word = c.indexed[i] ? c.topics[topics++] : null
        if (c.hashed[i]) continue
        const found = word === null ? decoded.ok[values++] : (await ask('abi_decode', { types: c.types[i], data: word })).ok?.[0]
        if (typeof found !== 'string' && typeof found !== 'boolean') continue // arrays: their bytes were compared
        const wanted = /^u?int/.test(c.types[i]) ? integer(c.normalizedValues[i]) : c.normalizedValues[i]
        expect(lower(String(found)) === lower(String(wanted)), `contract-events ${c.name}: value ${i}`, c, found)
      }
      done++
    }
    return done
  },
  'contract-interface': () => contract('contract-interface'),
  'contract-interface-abi2': () => contract('contract-interface-abi2'),
  'contract-signatures': async () => {
    let done = 0
    for (const c of load('contract-signatures')) {
      const hash = await ask('abi_hash', { signature: c.signature })
      expect(hash.ok?.slice(0, 10) === c.sigHash, `contract-signatures ${c.name}`, c, hash)
      done++
    }
    return done
  },
  eip712: async () => {
    const members = [['name', 'string'], ['version', 'string'], ['chainId', 'uint256'], ['verifyingContract', 'address'], ['salt', 'bytes32']]
    let done = 0
    for (const c of load('eip712')) {
      const EIP712Domain = members.filter(([name]) => c.domain[name] !== undefined).map(([name, type]) => ({ name, type }))
      if (EIP712Domain.length === 0) { leave('an empty domain'); continue }
      // an array where the type says a number as a JSON number beyond 2^53 does not occur: their numbers are strings
      const typed = JSON.stringify({ types: { EIP712Domain, ...c.types }, primaryType: c.primaryType, domain: c.domain, message: c.data })
      const made = await ask('eip712', { typed })
      expect(made.ok?.digest === c.digest, `eip712 ${c.name}`, c, made)
      done++
    }
    return done
  },
  hashes: async () => {
    let done = 0
    for (const c of load('hashes')) {
      expect((await ask('keccak', { data: c.data })).ok === c.keccak256, `hashes ${done}`, c)
      done++
    }
    return done
  },
  'rlp-coder': async () => {
    let done = 0
    for (const c of load('rlp-coder')) {
      expect((await ask('rlp_encode', { value: c.decoded })).ok === c.encoded, `rlp-coder ${c.name}`, c)
      expect(same((await ask('rlp_decode', { data: c.encoded })).ok, c.decoded), `rlp-coder ${c.name}`, c)
      done++
    }
    return done
  },
  transactions: async () => {
    let done = 0
    for (const c of load('transactions')) {
      // one without a chain is valid on every chain: neither made nor read
      expect((await ask('tx_read', { raw: c.signedTransaction })).error === 'TRANSACTION_FORMAT', `transactions ${c.name}: no chain`, c)
      const tx = { type: 0, chainId: '5', nonce: decimal(c.nonce), gasPrice: decimal(c.gasPrice), gasLimit: decimal(c.gasLimit),
        to: c.to, value: decimal(c.value), data: c.data ?? '0x' }
      const made = await ask('tx_sign', { key: c.privateKey, tx })
      if (made.error && BigInt(tx.gasLimit) >= 1n << 64n) { leave('a gas limit of more than 64 bits'); continue }
      expect(made.ok?.raw === c.signedTransactionChainId5, `transactions ${c.name}`, c, made)
      const digest = (await ask('keccak', { data: c.unsignedTransactionChainId5 })).ok
      expect(made.ok.digest === digest, `transactions ${c.name}: digest`, c, made)
      const read = await ask('tx_read', { raw: c.signedTransactionChainId5 })
      expect(read.ok?.from === lower(c.accountAddress) && read.ok.tx.nonce === tx.nonce, `transactions ${c.name}: read`, c, read)
      done++
    }
    return done
  },
  'typed-transactions': async () => {
    let done = 0
    for (const c of load('typed-transactions')) {
      const t = c.tx, n = (v) => v === undefined || v === null ? '0' : BigInt(v).toString()
      const tx = { type: t.type, chainId: n(t.chainId), nonce: n(t.nonce), gasLimit: n(t.gasLimit), value: n(t.value),
        to: t.to ?? undefined, data: t.data ?? '0x', accessList: t.accessList ?? [] }
      if (t.type === 2) { tx.maxPriorityFeePerGas = n(t.maxPriorityFeePerGas); tx.maxFeePerGas = n(t.maxFeePerGas) } else tx.gasPrice = n(t.gasPrice)
      const made = await ask('tx_sign', { key: c.key, tx })
      if (tx.chainId === '0') {
        expect(made.error === 'USAGE', `typed-transactions ${c.name}: no chain`, c, made)
        leave('a transaction that is bound to no chain: refused')
        continue
      }
      if (t.type === 2 && BigInt(tx.maxPriorityFeePerGas) > BigInt(tx.maxFeePerGas)) {
        expect(made.error === 'USAGE', `typed-transactions ${c.name}: tip`, c, made)
        leave('a tip above the fee: refused')
        continue
      }
      expect(made.ok?.raw === c.signed, `typed-transactions ${c.name}`, c, made)
      expect(made.ok.digest === (await ask('keccak', { data: c.unsigned })).ok, `typed-transactions ${c.name}: digest`, c)
      const read = await ask('tx_read', { raw: c.signed })
      expect(read.ok?.from === lower(c.address) && read.ok.hash === made.ok.hash, `typed-transactions ${c.name}: read`, c, read)
      done++
    }
    return done
  },
  wallets: async () => {
    let done = 0
    for (const c of load('wallets')) {
      if (c.type !== 'secret-storage') { leave('crowdsale wallets'); continue }
      const read = await ask('keystore_read', { json: c.json, passphrase: c.password.normalize('NFKC') })
      expect(read.ok && lower(read.ok) === lower(c.address), `wallets ${c.name}`, c, read)
      const wrong = await ask('keystore_read', { json: c.json, passphrase: c.password + 'x' })
      expect(wrong.error === 'PASSPHRASE', `wallets ${c.name}: wrong passphrase`, wrong)
      done++
    }
    return done
  },
}

let total = 0
for (const file of readdirSync(folder).sort()) {
  const name = file.replace('.json.gz', '')
  if (notApplicable[name]) {
    console.log(`${name}: not applicable (${notApplicable[name]})`)
    continue
  }
  if (!suites[name]) fail('a file that this script does not know', name)
  const done = await suites[name]()
  if (done === 0) fail('no case', name)
  console.log(`${name}: ${done} of ${load(name).length}`)
  total += done
}
for (const [why, count] of Object.entries(left)) console.log(`left out: ${count} (${why})`)
console.log(`${total} cases agree`)
ask.end()
