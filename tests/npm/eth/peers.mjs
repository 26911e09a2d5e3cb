// peers.mjs PEER [COUNT] [SEED] - random round trips that our Ethereum base, viem and ethers must agree on: RLP, contract
// data, messages, typed data, transactions, keystores. The seed is printed; a run with it is the same run.
import crypto from 'node:crypto'
import { ethers } from 'ethers'
import * as viem from 'viem'
import { privateKeyToAccount, sign as viemSign } from 'viem/accounts'
import { start, random, fail } from './peer.mjs'

const ask = start(process.argv[2])
const COUNT = Number(process.argv[3] ?? process.env.CHAOS_TEST_COUNT ?? 10000)
const SEED = Number(process.argv[4] ?? process.env.CHAOS_TEST_SEED ?? crypto.randomInt(2 ** 32))
const r = random(SEED)
console.log(`seed ${SEED}, ${COUNT} round trips`)

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)
const expect = (ok, what, ...details) => ok || fail(`${what} (seed ${SEED})`, details)
const text = (v) => typeof v === 'bigint' ? v.toString() : Array.isArray(v) ? v.map(text) : v
const address = () => r.below(2) ? viem.getAddress(r.bytes(20)) : r.bytes(20)
const key = () => {
  for (;;) {
    const k = r.bytes(32)
    if (BigInt(k) > 0n && BigInt(k) < 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n) return k
  }
}

// ---------------------------------------------------------------------- values of elementary types

const elementary = () => r.pick([
  `uint${8 * (1 + r.below(32))}`, `int${8 * (1 + r.below(32))}`, 'uint256', 'address', 'bool', `bytes${1 + r.below(32)}`, 'bytes', 'string'])

function valueOf(type) {
  if (type.startsWith('uint')) return r.unsigned(Number(type.slice(4)))
  if (type.startsWith('int')) return r.signed(Number(type.slice(3)))
  if (type === 'bool') return r.below(2) === 1
  if (type === 'address') return address()
  if (type === 'string') return r.text(r.pick([0, 1, 5, 31, 32, 33, r.below(200)]))
  return r.bytes(type === 'bytes' ? r.pick([0, 1, 31, 32, 33, r.below(300)]) : Number(type.slice(5)))
}

// ---------------------------------------------------------------------- RLP

function rlpItem(depth) {
  if (depth === 0 || r.below(3) > 0) return r.bytes(r.pick([0, 1, 1, 2, 20, 55, 56, r.below(300)]))
  return Array.from({ length: r.below(6) }, () => rlpItem(depth - 1))
}

async function rlp() {
  const value = rlpItem(4)
  const encoded = (await ask('rlp_encode', { value })).ok
  expect(encoded === viem.toRlp(value) && encoded === ethers.encodeRlp(value), 'RLP encoding', value, encoded)
  expect(same((await ask('rlp_decode', { data: encoded })).ok, value), 'RLP decoding', value, encoded)
  expect(same(viem.fromRlp(encoded), value) && same(ethers.decodeRlp(encoded), value), 'RLP decoding by peers', value)
  if (encoded.length > 4) { // a neighbour: cut, and with one byte more
    expect((await ask('rlp_decode', { data: encoded.slice(0, -2) })).error === 'RLP', 'RLP cut', encoded)
    expect((await ask('rlp_decode', { data: encoded + '00' })).error === 'RLP', 'RLP longer', encoded)
  }
}

// ---------------------------------------------------------------------- contract data

function abiType(depth) { // as viem has it, without names
  const kind = r.below(10)
  if (depth === 0 || kind < 5) return { type: elementary() }
  if (kind < 8) {
    const element = abiType(depth - 1)
    return { ...element, type: element.type + r.pick(['[]', '[]', '[1]', '[2]', '[3]']) }
  }
  return { type: 'tuple', components: Array.from({ length: 1 + r.below(4) }, () => abiType(depth - 1)) }
}

function abiText({ type, components }) {
  return components ? `(${components.map(abiText).join(',')})${type.slice(5)}` : type
}

function abiValue({ type, components }) {
  const brackets = /^(.*)\[(\d*)\]$/.exec(type)
  if (brackets) {
    const length = brackets[2] === '' ? r.pick([0, 1, 2, 3, 7]) : Number(brackets[2])
    return Array.from({ length }, () => abiValue({ type: brackets[1], components }))
  }
  return components ? components.map(abiValue) : valueOf(type)
}

// what a decoder gives: addresses with their capitals, numbers as strings
function shown({ type, components }, value) {
  const brackets = /^(.*)\[(\d*)\]$/.exec(type)
  if (brackets) return [...value].map((one) => shown({ type: brackets[1], components }, one))
  if (components) return components.map((c, i) => shown(c, value[i]))
  if (type === 'address') return viem.getAddress(value)
  return /^u?int/.test(type) ? BigInt(value).toString() : value
}

async function abi() {
  const list = Array.from({ length: r.below(5) }, () => abiType(4))
  const values = list.map(abiValue)
  const types = list.map(abiText).join(',')
  const encoded = (await ask('abi_encode', { types, values: text(values) }))
  const wanted = list.map((one, i) => shown(one, values[i]))
  const byViem = viem.encodeAbiParameters(list, values)
  const byEthers = ethers.AbiCoder.defaultAbiCoder().encode(list.map(abiText).map((one) => one.replaceAll('(', 'tuple(')), values)
  expect(encoded.ok === byEthers && encoded.ok === byViem, 'ABI encoding', types, text(values), encoded, byViem, byEthers)
  const decoded = await ask('abi_decode', { types, data: byViem })
  expect(same(decoded.ok, wanted), 'ABI decoding', types, wanted, decoded)
  if (list.length > 0) {
    expect(same(viem.decodeAbiParameters(list, encoded.ok).map((one, i) => shown(list[i], one)), wanted), 'ABI decoding by viem', types)
    const hash = (await ask('abi_hash', { signature: `f(${types})` })).ok
    expect(hash === ethers.id(`f(${types})`) && hash === viem.keccak256(viem.toBytes(`f(${types})`)), 'signature', types)
    // a neighbour: one value too many
    expect((await ask('abi_encode', { types, values: [...text(values), '1'] })).error === 'ABI_FORMAT', 'ABI: a value more', types)
  }
  if (encoded.ok.length > 2) {
    const cut = encoded.ok.slice(0, 64 * Math.floor((encoded.ok.length - 3) / 64) + 2)
    expect(cut === encoded.ok || (await ask('abi_decode', { types, data: cut })).error === 'ABI_FORMAT', 'ABI cut', types, cut)
  }
}

// ---------------------------------------------------------------------- messages

async function eip191() {
  const message = r.bytes(r.pick([0, 1, 9, 10, 99, 100, r.below(1500)])), k = key()
  const ours = (await ask('eip191', { message, key: k })).ok
  expect(ours.digest === ethers.hashMessage(ethers.getBytes(message)) && ours.digest === viem.hashMessage({ raw: message }), 'EIP-191 digest', message)
  const byEthers = new ethers.SigningKey(k).sign(ours.digest).serialized
  const byViem = await viemSign({ hash: ours.digest, privateKey: k, to: 'hex' })
  expect(ours.signature === byEthers && ours.signature === byViem, 'signature', k, ours, byEthers, byViem)
  const signer = ethers.recoverAddress(ours.digest, ours.signature)
  expect(signer === (await ask('key_address', { key: k })).ok, 'signer', k, signer)
}

// ---------------------------------------------------------------------- typed data

const domainMembers = [['name', 'string'], ['version', 'string'], ['chainId', 'uint256'], ['verifyingContract', 'address'], ['salt', 'bytes32']]
const suffix = () => r.pick(['', '', '', '[]', '[2]', '[][2]', '[1][]'])

function typedSchema() { // a tree: each struct refers to later ones, so that there is one primary type and no cycle
  const count = 1 + r.below(5)
  const names = Array.from({ length: count }, (_, i) => `${r.pick(['Order', 'Item', 'Z', 'a', '_x', '$', 'Person'])}${i}`)
  const types = {}
  names.forEach((name, i) => {
    types[name] = Array.from({ length: 1 + r.below(6) }, (_, k) => ({ name: `${r.pick(['m', 'to', '_', '$v'])}${k}`, type: elementary() + suffix() }))
  })
  for (let i = 1; i < count; i++) { // somebody refers to it
    types[names[r.below(i)]].push({ name: `ref${i}`, type: names[i] + suffix() })
  }
  return { types, primaryType: names[0] }
}

function typedValue(types, type) {
  const brackets = /^(.*)\[(\d*)\]$/.exec(type)
  if (brackets) {
    const length = brackets[2] === '' ? r.pick([0, 1, 2, 3]) : Number(brackets[2])
    return Array.from({ length }, () => typedValue(types, brackets[1]))
  }
  return types[type] ? Object.fromEntries(types[type].map((m) => [m.name, typedValue(types, m.type)])) : valueOf(type)
}

// numbers in each of the forms that we take
const asJson = (value) => JSON.stringify(value, (_, v) => typeof v !== 'bigint' ? v
  : v < 2n ** 53n && v > -(2n ** 53n) && r.below(3) === 0 ? Number(v) : v >= 0n && r.below(3) === 0 ? '0x' + v.toString(16) : v.toString())

async function eip712() {
  const { types, primaryType } = typedSchema()
  const message = typedValue(types, primaryType)
  const chosen = domainMembers.filter(() => r.below(2))
  if (chosen.length === 0) chosen.push(domainMembers[0])
  const domain = Object.fromEntries(chosen.map(([name, type]) => [name, name === 'chainId' ? r.unsigned(52) : valueOf(type)]))
  const EIP712Domain = chosen.map(([name, type]) => ({ name, type }))
  const k = key()
  const typed = asJson({ types: { EIP712Domain, ...types }, primaryType, domain, message })
  const ours = await ask('eip712', { typed, key: k })
  const byEthers = ethers.TypedDataEncoder.hash(domain, types, message)
  const byViem = viem.hashTypedData({ domain, types: { EIP712Domain, ...types }, primaryType, message })
  expect(ours.ok?.digest === byEthers && ours.ok.digest === byViem, 'EIP-712 digest', typed, ours, byEthers, byViem)
  expect(ours.ok.signature === new ethers.SigningKey(k).sign(byEthers).serialized, 'EIP-712 signature', typed)
  // neighbours: a member less, a member more
  const first = types[primaryType][0].name, { [first]: _, ...rest } = message
  expect((await ask('eip712', { typed: asJson({ types: { EIP712Domain, ...types }, primaryType, domain, message: rest }) })).error === 'TYPED_DATA_FORMAT', 'a member less', typed)
  expect((await ask('eip712', { typed: asJson({ types: { EIP712Domain, ...types }, primaryType, domain, message: { ...message, more: 1 } }) })).error === 'TYPED_DATA_FORMAT', 'a member more', typed)
}

// ---------------------------------------------------------------------- transactions

function transaction(type) {
  const tip = r.unsigned(64)
  const tx = { type, chainId: r.pick([1, 10, 109, 110, 8453, 84532, 1187947933, 1 + r.below(2 ** 31)]), nonce: Number(r.unsigned(52)), gasLimit: r.unsigned(63),
    value: r.unsigned(200), data: r.bytes(r.pick([0, 1, 4, 36, 55, 56, r.below(1000)])) }
  if (r.below(5) > 0) tx.to = address()
  if (type === 2) { tx.maxPriorityFeePerGas = tip; tx.maxFeePerGas = tip + r.unsigned(64) } else tx.gasPrice = r.unsigned(100)
  if (type > 0) {
    tx.accessList = Array.from({ length: r.below(4) }, () => ({ address: address(), storageKeys: Array.from({ length: r.below(4) }, () => r.bytes(32)) }))
  }
  return tx
}

async function transact() {
  const type = r.below(3), tx = transaction(type), k = key()
  const given = Object.fromEntries(Object.entries(tx).map(([name, v]) => [name, name === 'type' || name === 'to' || name === 'data' || name === 'accessList' ? v : v.toString()]))
  const ours = (await ask('tx_sign', { key: k, tx: given }))
  expect(ours.ok, 'transaction', given, ours)
  const { gasLimit, type: _, ...others } = tx
  const forViem = { ...others, gas: gasLimit, type: ['legacy', 'eip2930', 'eip1559'][type] }
  const byViem = await privateKeyToAccount(k).signTransaction(forViem)
  const made = ethers.Transaction.from({ ...tx, to: tx.to === undefined ? null : viem.getAddress(tx.to) })
  expect(made.unsignedHash === ours.ok.digest && viem.keccak256(viem.serializeTransaction(forViem)) === ours.ok.digest, 'signing hash', given, ours)
  made.signature = new ethers.SigningKey(k).sign(made.unsignedHash)
  expect(ours.ok.raw === byViem && ours.ok.raw === made.serialized && ours.ok.hash === made.hash, 'signed transaction', given, ours, byViem, made.serialized)
  const read = await ask('tx_read', { raw: byViem })
  const from = new ethers.Wallet(k).address.toLowerCase()
  const list = (tx.accessList ?? []).map((e) => ({ address: e.address.toLowerCase(), storageKeys: e.storageKeys }))
  expect(read.ok?.from === from && read.ok.hash === ours.ok.hash && same(read.ok.tx.accessList, list) &&
    read.ok.tx.to === (tx.to?.toLowerCase() ?? null) && read.ok.tx.data === tx.data &&
    ['chainId', 'nonce', 'gasLimit', 'value', 'gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas'].every((name) => read.ok.tx[name] === given[name]), 'transaction read', given, read)
  expect((await ask('tx_read', { raw: byViem + '00' })).error === 'TRANSACTION_FORMAT', 'a byte more', byViem)
}

// ---------------------------------------------------------------------- keystores

// geth's and Foundry's form, from primitives: Foundry names no address, geth may use PBKDF2.
function keystore(k, passphrase, kdf, withAddress) {
  const salt = crypto.randomBytes(32), iv = crypto.randomBytes(16)
  const params = kdf === 'scrypt' ? { dklen: 32, n: 8192, p: 1, r: 8, salt: salt.toString('hex') } : { c: 5000, dklen: 32, prf: 'hmac-sha256', salt: salt.toString('hex') }
  const derived = kdf === 'scrypt' ? crypto.scryptSync(passphrase, salt, 32, { N: params.n, r: 8, p: 1 }) : crypto.pbkdf2Sync(passphrase, salt, params.c, 32, 'sha256')
  const cipher = crypto.createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = Buffer.concat([cipher.update(Buffer.from(k.slice(2), 'hex')), cipher.final()])
  const mac = viem.keccak256(Buffer.concat([derived.subarray(16), ciphertext])).slice(2)
  return JSON.stringify({ ...(withAddress ? { address: new ethers.Wallet(k).address.slice(2).toLowerCase() } : {}),
    crypto: { cipher: 'aes-128-ctr', cipherparams: { iv: iv.toString('hex') }, ciphertext: ciphertext.toString('hex'), kdf, kdfparams: params, mac }, id: crypto.randomUUID(), version: 3 })
}

async function keystores() {
  const k = key(), account = new ethers.Wallet(k), passphrase = r.text(1 + r.below(20)).normalize('NFKC')
  const texts = { foundry: keystore(k, passphrase, 'scrypt', false), geth: keystore(k, passphrase, 'scrypt', true), pbkdf2: keystore(k, passphrase, 'pbkdf2', true),
    ethers: ethers.encryptKeystoreJsonSync({ address: account.address, privateKey: k }, passphrase, { scrypt: { N: 4096, r: 8, p: 1 } }),
    ours: (await ask('keystore_write', { key: k, passphrase, log_n: 12 })).ok }
  for (const [name, json] of Object.entries(texts)) {
    const read = await ask('keystore_read', { json, passphrase })
    expect(read.ok === account.address, `keystore of ${name}`, json, passphrase, read)
    expect((await ask('keystore_read', { json, passphrase: passphrase + 'x' })).error === 'PASSPHRASE', `keystore of ${name}, wrong passphrase`, json)
  }
  expect(ethers.decryptKeystoreJsonSync(texts.ours, passphrase).privateKey === k, 'our keystore read by ethers', texts.ours)
}

// ---------------------------------------------------------------------- all

const parts = [['RLP', rlp, 0.2], ['contract data', abi, 0.25], ['EIP-191', eip191, 0.1], ['EIP-712', eip712, 0.25], ['transactions', transact, 0.2]]
let total = 0
for (const [name, one, share] of parts) {
  const count = Math.ceil(COUNT * share), begin = Date.now()
  for (let i = 0; i < count; i++) await one()
  total += count
  console.log(`${name}: ${count} agree (${((Date.now() - begin) / 1000).toFixed(1)} s)`)
}
for (let i = 0; i < 8; i++) await keystores()
console.log('keystores: 8 keys in the forms of Foundry, geth (scrypt, PBKDF2), ethers and our own')
console.log(`${total} round trips agree with viem and ethers`)
ask.end()
