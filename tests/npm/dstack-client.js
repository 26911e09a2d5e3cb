'use strict';
// dstack-client.js FOLDER DSTACK_SOCKET TAPPD_SOCKET URL HELD OUT ADDRESS - every method of the unmodified client in FOLDER against
// a simulator that listens at these three places. HELD is what its relying party holds; quotes go to OUT; ADDRESS is of the key
// at npm/agent as our own provider derives it. Prints one line, or throws.

const assert = require('assert').strict;
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const { createRequire } = require('module');
const path = require('path');

const [folder, dstackSocket, tappdSocket, url, held, out, address] = process.argv.slice(2);
const need = createRequire(path.resolve(folder, 'package.json'));
const version = JSON.parse(fs.readFileSync(path.join(folder, 'node_modules/@phala/dstack-sdk/package.json'))).version;
const { DstackClient, TappdClient, getComposeHash, ...sdk } = need('@phala/dstack-sdk');
const { secp256k1 } = need('@noble/curves/secp256k1');
const { keccak_256, keccak_384, keccak_512, sha3_256, sha3_384, sha3_512 } = need('@noble/hashes/sha3');
const isNew = version !== '0.5.7'; // attest, sign, verify, version, algorithms of keys

const hex = (bytes) => Buffer.from(bytes).toString('hex');
let checks = 0;
const equal = (found, wanted, what) => { checks++; assert.deepEqual(found, wanted, what); };
const holds = (found, what) => { checks++; assert.ok(found, what); };
const fails = async (promise, reason, what) => { checks++; await assert.rejects(promise, reason, what); };

// What the client prints in passing: warnings are expected ones, and counted.
let warnings = 0;
console.warn = () => { warnings++; };

// --- without the client: statuses, which it does not look at ---

function post(where, method, body, headers = { 'Content-Type': 'application/json' }) {
    const target = where.startsWith('/') ? { socketPath: where, path: method } : { host: '127.0.0.1', port: new URL(url).port, path: method };
    return new Promise((resolve, reject) => {
        const request = http.request({ ...target, method: 'POST', headers }, (response) => {
            let text = '';
            response.on('data', (chunk) => { text += chunk; });
            response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
        });
        request.on('error', reject);
        request.end(body);
    });
}

async function refused(where, method, body, said) {
    const reply = await post(where, method, body);
    equal(reply.status, 400, `${method} ${body}: ${reply.text.slice(0, 200)}`);
    holds(typeof JSON.parse(reply.text).error === 'string' && reply.text.includes(said), `${method} ${body}: ${reply.text}`);
    holds(/simulator/i.test(reply.headers.server), 'the server says what it is');
}

async function checkErrors(where) {
    await refused(where, '/GetQuote', '{"report_data":"abc"}', 'Odd number of digits');
    await refused(where, '/GetQuote', '{"report_data":"zz"}', 'Invalid character');
    await refused(where, '/GetQuote', `{"report_data":"${'00'.repeat(65)}"}`, 'Report data is too long');
    await refused(where, '/GetQuote', '{"report_data":5}', 'report_data');
    await refused(where, '/GetQuote', '{"report_data":null}', 'report_data');
    await refused(where, '/GetKey', '{"path":{}}', 'path');
    await refused(where, '/GetKey', '{"algorithm":"rsa"}', 'Unsupported algorithm');
    await refused(where, '/GetKey', '{"algorithm":"secp256k1_prehashed"}', 'Unsupported algorithm');
    await refused(where, '/GetKey', '{"path":"x"', 'invalid request');
    await refused(where, '/GetTlsKey', '{"alt_names":"a"}', 'alt_names');
    await refused(where, '/GetTlsKey', '{"not_before":2,"not_after":1}', 'not_before must be earlier than not_after');
    await refused(where, '/Sign', '{"algorithm":"","data":"00"}', 'Unsupported algorithm');
    await refused(where, '/Sign', '{"algorithm":"secp256k1_prehashed","data":"00"}', 'received 1 bytes');
    await refused(where, '/Verify', '{"algorithm":"secp256k1","data":"00","signature":"00","public_key":"00"}', 'invalid signature');
    await refused(where, '/NoSuchMethod', '{}', 'Service not found: NoSuchMethod');
    const prefixed = await post(where, '/GetQuote', '{"report_data":"0x0xAB","unknown":[1]}');
    equal([prefixed.status, JSON.parse(prefixed.text).report_data], [200, 'ab' + '00'.repeat(63)], 'prefixes, case, unknown members');
    equal((await post(where, '/GetKey', '')).status, 200, 'no arguments at all');
    equal((await post(where, '/v1/Version', '{}')).status, 404, 'the API v1 is not mounted');
    const binary = await post(where, '/GetKey', '{}', { 'Content-Type': 'application/octet-stream' });
    equal([binary.status, binary.headers['content-type'], binary.text.charCodeAt(0)], [400, 'application/octet-stream', 10], 'protobuf');
}

// --- quotes ---

let quotes = 0;
// Replays as the client does, compares with the quote's registers, and keeps the quote for the verifier.
function checkQuote(name, result, reportData) {
    const quote = Buffer.from(result.quote, 'hex');
    equal(quote.subarray(568, 632).toString('hex'), reportData, `${name}: report data in the quote`);
    const registers = [0, 1, 2, 3].map((i) => quote.subarray(376 + 48 * i, 424 + 48 * i).toString('hex'));
    equal(Object.values(result.replayRtmrs()), registers, `${name}: the client's replay`);
    const file = path.join(out, `${name}-${quotes++}`);
    fs.writeFileSync(`${file}.quote`, quote);
    fs.writeFileSync(`${file}.log`, result.event_log);
    fs.writeFileSync(`${file}.report_data`, reportData);
    return registers[3];
}

async function checkQuotes(client, where) {
    const full = crypto.randomBytes(64);
    for (const data of [full, Buffer.alloc(0), Buffer.from('hello dstack'), 'text, as its UTF-8', new Uint8Array([1, 2, 3])]) {
        const result = await client.getQuote(data);
        const padded = Buffer.from(data).toString('hex').padEnd(128, '0');
        equal(result.report_data, padded, 'report data come back padded');
        equal(JSON.parse(result.vm_config).simulated, true, 'vm_config says what it is');
        checkQuote(`quote-${where}`, result, padded);
    }
    await fails(client.getQuote(Buffer.alloc(65)), /too large/, '65 bytes');
    await fails(client.getQuote({ toString: () => 'abc' }), /Odd number of digits/, 'odd hex');
    await fails(client.getQuote({ toString: () => 'zz' }), /Invalid character/, 'no hex');
    const legacy = await client.tdxQuote(full, 'raw');
    equal(legacy.report_data, full.toString('hex'), 'tdxQuote of the newer client is getQuote');
    await fails(client.tdxQuote(full, 'sha512'), /only supports raw/, 'tdxQuote of the newer client');
}

// --- keys ---

const kmsRoot = () => fs.readFileSync(path.join(held, 'kms-root.hex'), 'utf8').trim();
const recover = (digest, link) => hex(secp256k1.Signature.fromCompact(link.slice(0, 64)).addRecoveryBit(link[64]).recoverPublicKey(digest).toRawBytes(true));

// The key's link leads to the application's root key, and that one's to the root of the KMS that the simulator wrote.
async function checkChain(client, purpose, publicKey, chain) {
    const appRoot = recover(keccak_256(Buffer.from(`${purpose}:${hex(publicKey)}`)), chain[0]);
    const issued = Buffer.concat([Buffer.from('dstack-kms-issued:'), Buffer.from((await client.info()).app_id, 'hex'), Buffer.from(appRoot, 'hex')]);
    equal(recover(keccak_256(issued), chain[1]), kmsRoot(), `the chain of ${purpose}`);
}

const ed25519PublicKey = (seed) => {
    const key = crypto.createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' });
    return crypto.createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12);
};

async function checkKeys(client) {
    const key = await client.getKey('a/path', 'a purpose');
    equal(key.key.length, 32, 'the key');
    equal(key.signature_chain.map((link) => link.length), [65, 65], 'its chain');
    await checkChain(client, 'a purpose', secp256k1.getPublicKey(key.key, true), key.signature_chain);
    equal(hex((await client.getKey('a/path', 'other')).key), hex(key.key), 'the purpose is no input of the key');
    holds(hex((await client.getKey('b/path', 'a purpose')).key) !== hex(key.key), 'the path is');
    equal(hex((await client.getKey('a/path', 'a purpose')).signature_chain[0]), hex(key.signature_chain[0]), 'the same again');
    if (isNew) {
        const other = await client.getKey('a/path', 'a purpose', 'ed25519');
        equal(hex(other.key), hex(key.key), 'the algorithm is no input of the key');
        await checkChain(client, 'a purpose', ed25519PublicKey(other.key), other.signature_chain);
        equal(hex((await client.getKey('a/path', 'a purpose', 'k256')).key), hex(key.key), 'k256');
        await fails(client.getKey('a/path', '', 'rsa'), TypeError, 'it does not look at statuses, so an error surfaces as this');
    }
    await fails(client.getKey({ not: 'text' }), TypeError, 'a path of a wrong type');
}

async function checkWallets(client) {
    const key = await client.getKey('npm/agent', 'chaoschain-agent');
    const { toViemAccount, toViemAccountSecure } = need('@phala/dstack-sdk/viem');
    equal(toViemAccount(key).address.toLowerCase(), address.toLowerCase(), 'the address that our provider shows');
    equal(toViemAccountSecure(key).address, toViemAccount(key).address, 'and securely');
    const { toKeypair, toKeypairSecure } = need('@phala/dstack-sdk/solana');
    equal(hex(toKeypair(key).publicKey.toBytes()), hex(ed25519PublicKey(key.key)), 'the key on Solana');
    equal(hex(toKeypairSecure(key).publicKey.toBytes()), hex(ed25519PublicKey(key.key)), 'and securely');
}

// --- certificates ---

// The content of a dstack extension: an OCTET STRING in the extension's OCTET STRING.
function extension(certificate, last) {
    const oid = Buffer.from(`060a2b0601040183e73d01${last}`, 'hex');
    const at = certificate.raw.indexOf(oid);
    if (at < 0) {
        return null;
    }
    let bytes = certificate.raw.subarray(at + oid.length);
    for (let level = 0; level < 2; level++) {
        assert.equal(bytes[0], 4, 'an OCTET STRING');
        const counted = bytes[1] < 128 ? 0 : bytes[1] - 128;
        const size = counted === 0 ? bytes[1] : bytes.readUIntBE(2, counted);
        bytes = bytes.subarray(2 + counted, 2 + counted + size);
    }
    return bytes;
}

function checkCertificates(tls, isFreshKey) {
    const chain = tls.certificate_chain.map((pem) => new crypto.X509Certificate(pem));
    equal(chain.length, 3, 'leaf, application, KMS');
    holds(chain[0].verify(chain[1].publicKey) && chain[1].verify(chain[2].publicKey) && chain[2].verify(chain[2].publicKey), 'signatures');
    holds(chain[0].checkPrivateKey(crypto.createPrivateKey(tls.key)), 'the key is the leaf\'s');
    holds(chain[0].checkIssued(chain[1]) && chain[1].checkIssued(chain[2]) && chain[1].ca && !chain[0].ca, 'issuers');
    if (isFreshKey) {
        equal(Buffer.from(extension(chain[0], '04')).toString(), 'app:custom', 'the use of a leaf');
        equal(Buffer.from(extension(chain[1], '04')).toString(), 'app:ca', 'the use of a CA');
    }
    return chain[0];
}

async function checkTlsKeys(client) {
    const plain = await client.getTlsKey();
    const leaf = checkCertificates(plain, true);
    equal([extension(leaf, '08'), extension(leaf, '09')], [null, null], 'no attestation unasked');
    equal(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'], 'a server\'s by default of this client');
    holds((await client.getTlsKey()).key !== plain.key, 'another key each time');
    const asked = await client.getTlsKey({ subject: 'agent.example', altNames: ['agent.example', '*.agent.example'], usageRaTls: true, usageClientAuth: true });
    const attested = checkCertificates(asked, true);
    holds(attested.subject.includes('CN=agent.example'), 'the subject');
    equal(attested.subjectAltName, 'DNS:agent.example, DNS:*.agent.example', 'the names');
    const blob = extension(attested, '08');
    equal(hex(blob.subarray(0, 2)), '0000', 'an attestation, format 0, of TDX');
    const spki = attested.publicKey.export({ format: 'der', type: 'spki' });
    const bound = crypto.createHash('sha512').update('ratls-cert:').update(spki).digest();
    equal(hex(blob.subarray(4 + 568, 4 + 632)), hex(bound), 'its quote is about the certificate\'s key'); // 2 bytes of length
    equal(plain.asUint8Array(8).length, 8, 'asUint8Array');
    if (isNew) {
        const timed = checkCertificates(await client.getTlsKey({ notBefore: 1700000000, notAfter: 1800000000, withAppInfo: true }), true);
        equal([Date.parse(timed.validFrom) / 1000, Date.parse(timed.validTo) / 1000], [1700000000, 1800000000], 'its time');
        const info = await client.info();
        const packed = extension(timed, '09');
        equal([packed[0], hex(packed.subarray(3, 23)), hex(packed.subarray(25, 57))], [0x98, info.app_id, info.compose_hash], 'app info');
        holds('error' in await client.getTlsKey({ notBefore: 2, notAfter: 1 }), 'refused, which this client hands on as it is');
    }
}

// --- the rest ---

async function checkInfo(client) {
    const info = await client.info();
    for (const [name, size] of [['app_id', 20], ['instance_id', 20], ['device_id', 32], ['mr_aggregated', 32], ['os_image_hash', 32], ['compose_hash', 32]]) {
        holds(new RegExp(`^[0-9a-f]{${2 * size}}$`).test(info[name]), name);
    }
    for (const name of ['mrtd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3']) {
        holds(/^[0-9a-f]{96}$/.test(info.tcb_info[name]), name);
    }
    equal([info.app_name, info.cloud_vendor, info.cloud_product], ['npm client', 'ChaosChain', 'simulator'], 'names');
    equal(new crypto.X509Certificate(info.app_cert).keyUsage, ['1.3.6.1.5.5.7.3.2'], 'app_cert');
    equal(JSON.parse(info.key_provider_info).name, 'kms', 'key_provider_info');
    equal(JSON.parse(info.vm_config).os_image_hash, info.os_image_hash, 'vm_config');
    const compose = fs.readFileSync(path.join(held, 'app-compose.json'), 'utf8');
    equal(info.tcb_info.app_compose, compose, 'the compose file, byte for byte');
    equal(info.compose_hash, getComposeHash(JSON.parse(compose)), 'the client\'s hash of it');
    equal(info.compose_hash, getComposeHash(JSON.parse(compose), true), 'and normalized');
    const registers = ['mrtd', 'rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'].map((name) => Buffer.from(info.tcb_info[name], 'hex'));
    equal(info.mr_aggregated, crypto.createHash('sha256').update(Buffer.concat(registers)).digest('hex'), 'mr_aggregated');
    equal(info.tcb_info.event_log.filter((event) => event.event === 'compose-hash')[0].event_payload, info.compose_hash, 'the log');
}

async function checkEvents(client, where) {
    const before = checkQuote(`before-${where}`, await client.getQuote('before'), hex(Buffer.from('before')).padEnd(128, '0'));
    await client.emitEvent(`event-${where}`, 'a payload');
    await client.emitEvent('empty', Buffer.alloc(0));
    const result = await client.getQuote('after');
    const after = checkQuote(`after-${where}`, result, hex(Buffer.from('after')).padEnd(128, '0'));
    holds(before !== after, 'RTMR3 lives');
    const emitted = JSON.parse(result.event_log).slice(-2);
    equal(emitted.map((event) => [event.event, event.event_payload, event.imr, event.event_type]),
        [[`event-${where}`, hex(Buffer.from('a payload')), 3, 134217729], ['empty', '', 3, 134217729]], 'the log has them');
    await fails(client.emitEvent('', 'x'), /cannot be empty/, 'an event without a name');
}

async function checkSigning(client) {
    const data = Buffer.from('hello dstack');
    const digest = Buffer.from(keccak_256(data));
    for (const [algorithm, signed] of [['secp256k1', data], ['k256', data], ['ed25519', data], ['secp256k1_prehashed', digest]]) {
        const made = await client.sign(algorithm, signed);
        equal(made.signature_chain.map((link) => link.length), [64, 65, 65], `${algorithm}: the chain`);
        equal(hex(made.signature_chain[0]), hex(made.signature), `${algorithm}: it begins with the signature`);
        equal((await client.verify(algorithm, signed, made.signature, made.public_key)).valid, true, `${algorithm}: verified there`);
        await checkChain(client, 'signing', made.public_key, made.signature_chain.slice(1));
        const flipped = Uint8Array.from(made.signature, (byte, i) => (i === 40 ? byte ^ 1 : byte));
        equal((await client.verify(algorithm, signed, flipped, made.public_key)).valid, false, `${algorithm}: flipped`);
        if (algorithm !== 'ed25519') {
            const hashed = algorithm === 'secp256k1_prehashed' ? digest : crypto.createHash('sha256').update(data).digest();
            holds(secp256k1.verify(made.signature, hashed, made.public_key), `${algorithm}: verified here`);
        }
    }
    await fails(client.sign('secp256k1_prehashed', data), /32-byte digest/, 'not a digest');
    await fails(client.sign('rsa', data), TypeError, 'an unknown algorithm');
}

async function checkAttest(client) {
    const made = await client.attest('attested');
    const blob = Buffer.from(made.attestation, 'hex');
    equal(hex(blob.subarray(0, 2)), '0000', 'format 0, of TDX');
    equal(hex(blob.subarray(4 + 568, 4 + 632)), hex(Buffer.from('attested')).padEnd(128, '0'), 'report data in its quote');
    await fails(client.attest(Buffer.alloc(65)), /too large/, 'attest 65 bytes');
    await fails(client.attest({ toString: () => 'abc' }), /Odd number of digits/, 'attest odd hex');
}

async function checkAtOnce(client, where) {
    const calls = Array.from({ length: 20 }, (_, i) => [
        () => client.getKey(`at/once/${i}`), () => client.getQuote(`${i}`), () => client.emitEvent(`at-once-${i}`, `${i}`),
        () => client.getTlsKey({ usageRaTls: true }), () => client.info()][i % 5]());
    const results = await Promise.all(calls);
    equal(results.length, 20, 'twenty at once');
    equal(hex(results[5].key), hex((await client.getKey('at/once/5')).key), 'each gets its own answer');
    for (let i = 1; i < 20; i += 5) {
        checkQuote(`at-once-${where}`, results[i], hex(Buffer.from(`${i}`)).padEnd(128, '0'));
    }
}

// More than are served at a time: they wait, and none is refused, although Node connects without waiting.
async function checkBurst(where) {
    const replies = await Promise.all(Array.from({ length: 500 }, () => post(where, '/Version', '{}')));
    holds(replies.every((reply) => reply.status === 200), 'five hundred at once');
}

// The body's length is counted in UTF-16 units over the socket: what is not ASCII loses its end there.
async function checkNotAscii(client, isSocket) {
    if (isSocket) {
        await fails(client.getKey('schl\u00fcssel'), TypeError, 'cut, refused, and the refusal not seen');
    } else {
        equal((await client.getKey('schl\u00fcssel')).key.length, 32, 'whole over HTTP');
    }
    equal((await client.getKey('after')).key.length, 32, 'the next request is served');
}

async function checkDstack(where, endpoint) {
    const client = new DstackClient(endpoint);
    const isSocket = endpoint.startsWith('/');
    // 0.5.7 asks for the older agent's path, which the newer one's socket does not have.
    equal(await client.isReachable(), isNew || !isSocket, 'isReachable');
    await checkErrors(isSocket ? endpoint : url);
    await checkInfo(client);
    await checkKeys(client);
    await checkWallets(client);
    await checkTlsKeys(client);
    await checkQuotes(client, where);
    await checkEvents(client, where);
    if (isNew) {
        equal((await client.version()).version, '0.5.11', 'version');
        await checkSigning(client);
        await checkAttest(client);
    }
    await checkAtOnce(client, where);
    await checkBurst(isSocket ? endpoint : url);
    await checkNotAscii(client, isSocket);
    await fails(client.deriveKey('x'), /deprecated/, 'deriveKey of the newer client');
}

// --- the older agent ---

async function checkTappd(where, endpoint) {
    const client = new TappdClient(endpoint);
    const data = Buffer.from('hello dstack');
    const sha = (name) => (bytes) => crypto.createHash(name).update(bytes).digest();
    const hashes = { sha256: sha('sha256'), sha384: sha('sha384'), sha512: sha('sha512'), 'sha3-256': sha3_256, 'sha3-384': sha3_384,
        'sha3-512': sha3_512, keccak256: keccak_256, keccak384: keccak_384, keccak512: keccak_512 };
    equal(await client.isReachable(), true, 'isReachable of tappd');
    for (const [name, hash] of Object.entries(hashes)) {
        const result = await client.tdxQuote(data, name);
        checkQuote(`tappd-${where}-${name}`, result, hex(hash(Buffer.concat([Buffer.from('app-data:'), data]))).padEnd(128, '0'));
        equal([result.hash_algorithm, result.prefix], [name, 'app-data'], `tappd: ${name}`);
    }
    const byDefault = await client.tdxQuote(data);
    equal([byDefault.hash_algorithm, byDefault.prefix], ['sha512', 'app-data'], 'the default algorithm');
    const raw = await client.tdxQuote(data, 'raw'); // this client pads on the left
    checkQuote(`tappd-${where}-raw`, raw, hex(data).padStart(128, '0'));
    equal([raw.hash_algorithm, raw.prefix], ['raw', ''], 'raw');
    await fails(client.tdxQuote(Buffer.alloc(65), 'raw'), /too large/, 'raw, 65 bytes');
    await fails(client.tdxQuote(data, 'md5'), /invalid hash algorithm/, 'md5');
    const derived = await client.deriveKey('a/path', 'subject.example', ['subject.example']);
    checkCertificates(derived, false);
    const again = await client.deriveKey('a/path');
    equal(again.key, derived.key, 'derived keys come again');
    const scalar = crypto.createPrivateKey(derived.key).export({ format: 'jwk' }).d;
    equal(Buffer.from(scalar, 'base64url').toString('hex'), hex((await new DstackClient(dstackSocket).getKey('a/path')).key), 'one secret on both curves');
    await refused(endpoint, '/prpc/Tappd.RawQuote?json', `{"report_data":"${'00'.repeat(63)}"}`, 'invalid content length');
    equal((await post(endpoint, '/prpc/RawQuote', `{"report_data":"${'00'.repeat(64)}"}`)).status, 200, 'without the prefix');
    const k256 = JSON.parse((await post(endpoint, '/prpc/Tappd.DeriveK256Key', '{"path":"a/path","purpose":"p"}')).text);
    equal([k256.k256_key.length, k256.k256_signature_chain.length], [64, 2], 'DeriveK256Key');
    equal((await post(endpoint, '/GetKey', '{}')).status, endpoint.startsWith('/') ? 404 : 200, 'what is not mounted there');
}

// --- what needs no agent ---

// The compose files that this project gives as a start.
function checkComposeFiles() {
    const start = path.join(__dirname, '../../data/compose');
    const yaml = fs.readFileSync(path.join(start, 'phala-dstack.yaml'), 'utf8');
    const compose = JSON.parse(fs.readFileSync(path.join(start, 'app-compose.json'), 'utf8'));
    equal(compose.docker_compose_file, yaml, 'one is in the other, word for word');
    const images = yaml.match(/^ *image: .*$/gm);
    holds(images.length > 0 && images.every((line) => /@sha256:[0-9a-f]{64}$/.test(line)), 'images are named by digest');
    equal([compose.kms_enabled, compose.allowed_envs, compose.runner], [true, [], 'docker-compose'], 'keys of a KMS, no unmeasured environment');
    holds(getComposeHash(compose) === getComposeHash(compose, true), 'nothing in it that normalizing drops');
}

async function checkHelpers() {
    const vectors = path.join(process.env.CHAOS_VECTORS || '', 'dstack/vectors');
    if (!fs.existsSync(vectors)) {
        return;
    }
    const read = (name) => JSON.parse(fs.readFileSync(path.join(vectors, name), 'utf8'));
    for (const row of read('compose-hash.json').objects) {
        equal(getComposeHash(JSON.parse(row.input_json)), row.sdk_getComposeHash, 'getComposeHash');
        equal(getComposeHash(JSON.parse(row.input_json), true), row.sdk_getComposeHash_normalized, 'getComposeHash, normalized');
    }
    const env = read('env-crypto.json');
    const signed = env.pubkey_signature;
    const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'));
    const key = bytes(signed.env_public_key);
    const legacy = sdk.verifyEnvEncryptPublicKeyLegacy || sdk.verifyEnvEncryptPublicKey;
    equal(await legacy(key, bytes(signed.legacy_signature), signed.app_id), signed.sdk_legacy_result, 'verifyEnvEncryptPublicKey, legacy');
    if (isNew) {
        const age = { maxAgeSeconds: 1e10 };
        equal(sdk.verifyEnvEncryptPublicKey(key, bytes(signed.v1_signature), signed.app_id, signed.timestamp, age), signed.sdk_v1_result, 'with a time');
    }
    if (globalThis.crypto === undefined) {
        globalThis.crypto = crypto.webcrypto; // Node 18 has it under another name, and 0.5.8 wants this one
    }
    const { encryptEnvVars } = need('@phala/dstack-sdk/encrypt-env-vars');
    const sealed = Buffer.from(await encryptEnvVars([{ key: 'FOO', value: 'bar' }], env.encrypt.recipient_public), 'hex');
    const pair = (prefix, raw) => ({ key: Buffer.concat([Buffer.from(prefix, 'hex'), raw]), format: 'der' });
    const shared = crypto.diffieHellman({
        privateKey: crypto.createPrivateKey({ ...pair('302e020100300506032b656e04220420', Buffer.from(env.encrypt.recipient_secret, 'hex')), type: 'pkcs8' }),
        publicKey: crypto.createPublicKey({ ...pair('302a300506032b656e032100', sealed.subarray(0, 32)), type: 'spki' }),
    });
    const opener = crypto.createDecipheriv('aes-256-gcm', shared, sealed.subarray(32, 44));
    opener.setAuthTag(sealed.subarray(-16));
    equal(opener.update(sealed.subarray(44, -16)) + opener.final(), '{"env":[{"key":"FOO","value":"bar"}]}', 'encryptEnvVars');
}

async function main() {
    await checkDstack('socket', dstackSocket);
    await checkDstack('http', url);
    await checkTappd('socket', tappdSocket);
    await checkTappd('http', url);
    checkComposeFiles();
    await checkHelpers();
    holds(warnings > 0, 'this client warns of what it deprecates');
    console.log(`${checks} checks of the client ${version} passed, node ${process.version}`);
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
