#!/usr/bin/env node
require('./thread-pool.cjs');

void import('./main.ts');
