// peer.mjs - @phala/dcap-qvl, asked in bulk.
//   peer.mjs serve QUOTE COLLATERAL NOW   for each line of standard input: a round of verifications, microseconds each
//   peer.mjs judge FILE.jsonl             for each line {"id","quote","collateral","at"}: {"id","status","advisory_ids"}
//                                         or {"id","error"}
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import qvl from '@phala/dcap-qvl';

const ROUND_MS = 300;
const verifier = () => qvl.verify;

function judge(quoteFile, collateralFile, at) {
    const quote = new Uint8Array(readFileSync(quoteFile));
    const collateral = JSON.parse(readFileSync(collateralFile, 'utf8'));
    return verifier()(quote, collateral, at);
}

async function serve([quoteFile, collateralFile, now]) {
    const quote = new Uint8Array(readFileSync(quoteFile));
    const text = readFileSync(collateralFile, 'utf8');
    const one = async () => verifier()(quote, JSON.parse(text), Number(now));
    for (let i = 0; i < 50; i++) {
        await one();
    }
    for await (const line of createInterface({ input: process.stdin })) {
        void line;
        const begin = process.hrtime.bigint();
        let count = 0, spent = 0;
        do {
            await one();
            count++;
            spent = Number(process.hrtime.bigint() - begin);
        } while (spent < ROUND_MS * 1e6);
        console.log((spent / 1000 / count).toFixed(1));
    }
}

async function judgeAll([file]) {
    for (const line of readFileSync(file, 'utf8').split('\n').filter((l) => l !== '')) {
        const { id, quote, collateral, at } = JSON.parse(line);
        let result;
        try {
            const report = await judge(quote, collateral, at);
            result = { id, status: report.status, advisory_ids: report.advisory_ids ?? report.advisoryIds };
        } catch (e) {
            result = { id, error: String(e.message ?? e) };
        }
        console.log(JSON.stringify(result));
    }
}

const [verb, ...rest] = process.argv.slice(2);
const verbs = { serve, judge: judgeAll };
if (!Object.hasOwn(verbs, verb)) {
    console.error('usage: peer.mjs serve QUOTE COLLATERAL NOW | judge FILE.jsonl');
    process.exit(64);
}
await verbs[verb](rest);
