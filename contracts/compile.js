// compile.js MODULES [--check] - compiles src/*.sol with the pinned solc and writes artifacts/NAME.json {abi, bytecode}, or
// compares with what is there. MODULES is the folder that holds node_modules.
'use strict';
const fs = require('fs');
const path = require('path');

const modules = path.join(path.resolve(process.argv[2] || '.'), 'node_modules');
const check = process.argv.includes('--check');
const solc = require(path.join(modules, 'solc'));
const folder = path.join(__dirname, 'src');
const names = fs.readdirSync(folder).filter((name) => name.endsWith('.sol')).sort();

const input = {
  language: 'Solidity',
  sources: Object.fromEntries(names.map((name) => [name, { content: fs.readFileSync(path.join(folder, name), 'utf8') }])),
  settings: {
    optimizer: { enabled: true, runs: 200 },
    viaIR: true,
    evmVersion: 'cancun',
    metadata: { bytecodeHash: 'none', appendCBOR: false },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
  },
};
const load = (name) => ({ contents: fs.readFileSync(path.join(modules, name), 'utf8') });
const output = JSON.parse(solc.compile(JSON.stringify(input), { import: load }));
for (const problem of output.errors || []) {
  console.error(problem.formattedMessage);
}
if ((output.errors || []).length > 0) {
  process.exit(1);
}
let different = 0;
for (const name of names) {
  const contract = name.replace('.sol', '');
  const made = output.contracts[name][contract];
  const text = JSON.stringify({ abi: made.abi, bytecode: '0x' + made.evm.bytecode.object }, null, 1) + '\n';
  const file = path.join(__dirname, 'artifacts', contract + '.json');
  if (!check) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  } else if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
    console.error(`artifacts/${contract}.json is not what src/${name} compiles to`);
    different++;
  }
}
process.exit(different === 0 ? 0 : 1);
