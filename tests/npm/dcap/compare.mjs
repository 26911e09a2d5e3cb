// compare.mjs PAIRS OURS THEIRS - the two verifiers' answers to the same questions, pair by pair. Where they differ, one
// of the differences below must really be there: each is looked for in the evidence itself, not taken from the answer.
import { readFileSync } from 'node:fs';

const lines = (file) => readFileSync(file, 'utf8').split('\n').filter((l) => l !== '').map((l) => JSON.parse(l));
const [pairs, ours, theirs] = process.argv.slice(2).map(lines);

const bytes = (hex) => [...Buffer.from(hex, 'hex')];
const set = (list) => JSON.stringify([...new Set(list)].sort());
const reached = (have, level, key) => level.every((c, i) => have[i] >= c[key]);

// The level of a verifier that compares all sixteen components of TEE_TCB_SVN and takes the CPUSVN of the certificate.
function levelOfAll(c) {
    return c.info.tcbLevels.find((level) =>
        reached(c.cpuSvn, level.tcb.sgxtcbcomponents, 'svn') && c.claims.pcesvn >= level.tcb.pcesvn &&
        reached(c.svn, level.tcb.tdxtcbcomponents, 'svn'));
}

// Both refuse, for the same reason.
const sameRefusals = [
    ['TCB_NOT_SUPPORTED', 'No matching TCB level found'],
    ['PCK_CERT_NOT_YET_VALID', 'Certificate is expired or not yet valid'],
];

const differences = [
    ['TCB info of version 2: we read it, they do not', (c) =>
        c.theirs.error === 'Failed to decode TcbInfo' && c.info.version === 2],
    ['debug: for us the policy decides, they always refuse', (c) =>
        c.theirs.error === 'Debug mode is enabled' &&
        ((bytes(c.claims.attributes ?? c.claims.td_attributes)[0] & (c.sgx ? 2 : 1)) !== 0)],
    ['SEPT_VE_DISABLE: for us the policy decides, they demand it', (c) =>
        c.theirs.error === 'SEPT_VE_DISABLE is not enabled' && (bytes(c.claims.td_attributes)[3] & 0x10) === 0],
    ['TDX components: they compare components 0 and 1 where the module has an identity of its own; no level is left', (c) =>
        c.theirs.error === 'No matching TCB level found' && !c.sgx && c.svn[1] > 0 && levelOfAll(c) === undefined],
    ['TDX components: the same, and they take a lower level', (c) =>
        !c.sgx && c.svn[1] > 0 && c.theirs.status === levelOfAll(c)?.tcbStatus &&
        levelOfAll(c).tcbStatus !== c.ours.tcb.platform],
    ["the TDX module's level: they do not look at it", (c) =>
        !c.sgx && c.svn[1] > 0 && c.ours.tcb.module !== 'UpToDate' && c.theirs.status === c.ours.tcb.platform],
    ["the TDX module's advisories: theirs are of platform and QE alone", (c) =>
        !c.sgx && c.svn[1] > 0 && c.theirs.status === c.ours.tcb.status &&
        c.theirs.advisory_ids.every((id) => c.ours.tcb.advisory_ids.includes(id) || levelOfAll(c).advisoryIDs.includes(id))],
];

function agree(c) {
    if (c.ours.error !== null) {
        return sameRefusals.some(([o, t]) => c.ours.error.code === o && c.theirs.error === t);
    }
    return c.theirs.status === c.ours.tcb.status && set(c.theirs.advisory_ids) === set(c.ours.tcb.advisory_ids);
}

const counts = new Map();
let unexplained = 0;
pairs.forEach((pair, i) => {
    const c = { pair, ours: ours[i], theirs: theirs[i], claims: ours[i].claims, sgx: ours[i].tee === 'sgx' };
    const collateral = JSON.parse(readFileSync(pair.collateral, 'utf8'));
    c.info = JSON.parse(collateral.tcb_info);
    c.svn = c.claims.tee_tcb_svn === undefined ? [] : bytes(c.claims.tee_tcb_svn);
    c.cpuSvn = bytes(c.claims.cpusvn_ext ?? '');
    const why = agree(c) ? 'the same answer' : differences.find(([, holds]) => holds(c))?.[0];
    if (why === undefined) {
        unexplained++;
        console.log(`UNEXPLAINED ${pair.quote} at ${pair.at}: we say ${JSON.stringify(c.ours.error?.code ?? c.ours.tcb)}, ` +
            `they ${JSON.stringify(c.theirs)}`);
    }
    counts.set(why, (counts.get(why) ?? 0) + 1);
});
for (const [why, count] of counts) {
    console.log(`${String(count).padStart(4)}  ${why}`);
}
if (unexplained > 0 || pairs.length < 90 || (counts.get('the same answer') ?? 0) < 20) {
    process.exit(1);
}
