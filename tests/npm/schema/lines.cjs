// lines.cjs SCHEMA FILE... - every line of every FILE is JSON of the schema. Prints what is not; the exit code says it.
"use strict";
const fs = require("node:fs");
const Ajv = require("ajv/dist/2020");

const [schema, ...files] = process.argv.slice(2);
const validate = new Ajv({ strict: false, allErrors: false }).compile(JSON.parse(fs.readFileSync(schema, "utf8")));
let lines = 0;
let wrong = 0;
for (const file of files) {
    for (const line of fs.readFileSync(file, "utf8").split("\n").filter((text) => text !== "")) {
        lines++;
        if (!validate(JSON.parse(line))) {
            wrong++;
            console.log(`${file}: ${line.slice(0, 200)}: ${JSON.stringify(validate.errors.slice(0, 2))}`);
        }
    }
}
console.log(`${lines} lines, ${wrong} wrong`);
process.exit(lines > 0 && wrong === 0 ? 0 : 1);
