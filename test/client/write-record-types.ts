import { writeFileSync } from 'node:fs';
import { readSchema, recordTypes } from './record-types.ts';

for (const [file, text] of recordTypes(readSchema())) writeFileSync(file, text);
