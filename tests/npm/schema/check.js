// check.js SCHEMA FILE.jsonl - is every line of the file as the schema says? Exit code 1 and the first fault if not.
const fs = require('fs');
const Ajv = require('ajv/dist/2020');

const [schema, file] = process.argv.slice(2);
const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(JSON.parse(fs.readFileSync(schema)));
const lines = fs.readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
for (const line of lines) {
    if (!validate(JSON.parse(line))) {
        console.error(line.slice(0, 300));
        console.error(JSON.stringify(validate.errors.slice(-5), null, 1));
        process.exit(1);
    }
}
if (lines.length === 0) {
    console.error('nothing to check');
    process.exit(1);
}
console.log(`${lines.length} lines`);
