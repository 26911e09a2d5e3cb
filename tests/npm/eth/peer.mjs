// peer.mjs - our peer program as a function, and a source of random numbers with a printed seed.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export function start(program) {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting = []
  let ended = null
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', (line) => waiting.shift().resolve(JSON.parse(line)))
  child.on('exit', (code) => {
    ended = new Error(`${program} ended with ${code}`)
    for (const one of waiting) one.reject(ended)
  })
  const ask = (op, request) => new Promise((resolve, reject) => {
    if (ended) return reject(ended)
    waiting.push({ resolve, reject })
    child.stdin.write(JSON.stringify({ op, ...request }) + '\n')
  })
  ask.end = () => child.stdin.end()
  return ask
}

export function random(seed) { // sfc32, seeded by one word
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, seed >>> 0]
  const word = () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t | 0
    return t >>> 0
  }
  for (let i = 0; i < 16; i++) word()
  const below = (n) => word() % n
  const bytes = (n) => '0x' + Array.from({ length: n }, () => below(256).toString(16).padStart(2, '0')).join('')
  const bits = (n) => n === 0 ? 0n : BigInt(bytes(Math.ceil(n / 8))) & ((1n << BigInt(n)) - 1n)
  return {
    below, bytes,
    pick: (list) => list[below(list.length)],
    // small and large alike: a number of up to n bits, of every length
    unsigned: (n) => below(20) === 0 ? (1n << BigInt(n)) - 1n : bits(below(n + 1)),
    signed: (n) => {
      const half = 1n << BigInt(n - 1)
      const kind = below(20)
      return kind === 0 ? -half : kind === 1 ? half - 1n : below(2) ? bits(below(n)) : -bits(below(n))
    },
    // without U+0000 and lone surrogates
    text: (n) => Array.from({ length: n }, () => String.fromCodePoint(
      [0x20 + below(95), 1 + below(31), 0xa1 + below(0x500), 0x3040 + below(90), 0x1f300 + below(200)][below(8) < 4 ? 0 : below(5)])).join(''),
  }
}

export function fail(what, details) {
  console.error(`FAILED: ${what}`)
  console.error(JSON.stringify(details, (_, v) => typeof v === 'bigint' ? v.toString() : v, 1))
  process.exit(1)
}
