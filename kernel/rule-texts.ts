import { decode, plainEnd } from './escape';
import {
  methodAt,
  methodLength,
  mountAt,
  mountLength,
  namespaceAt,
  namespaceLength,
  operationAt,
  operationLength,
  outcomeAt,
  outcomeLength,
  pathAt,
  pathLength,
  qualifiedMount,
  routeAt,
  routeLength,
  tenantAt,
  tenantLength,
  typeAt,
  typeLength,
} from './fields';
import { NAME, NAME_BYTES, POLICY, RULE_COPIES, RULE_TEXTS, SLACK } from './layout';
import {
  METHOD_TEXT,
  MOUNT_TEXT,
  NAMESPACE_TEXT,
  NO_TEXT,
  OPERATION_TEXT,
  OUTCOME_TEXT,
  PATH_TEXT,
  PLAIN_PATH_TEXT,
  ROUTE_TEXT,
  TENANT_TEXT,
  TEXT_BYTES,
  TYPE_TEXT,
  WHOLE_MOUNT_TEXT,
} from './numbers/rule-tables';
import { addressEnd, isAmbiguous } from './request-path';
import { copy } from './text';

// The texts of a record that rules look at. Most are looked at where they stand; those with escapes, or without a slash that
// is wanted, are copied. Of one with escapes that is very long only the beginning is, which is longer than all that a rule may want.

/** Where the next copy comes. */
let copyAt: usize = RULE_COPIES;
/** End of what was copied since the last wipe. */
let highest: usize = RULE_COPIES;
/** The text that is being looked at. */
let textAt: usize = 0;
let textLength: usize = 0;
/** Whether only its beginning is looked at. */
let isCut: bool = false;

/** Lays out those texts that have a bit in `wanted`. */
export function readRuleTexts(wanted: u32): void {
  copyAt = RULE_COPIES;
  if (isIn(wanted, PATH_TEXT) || isIn(wanted, PLAIN_PATH_TEXT)) readPath(isIn(wanted, PLAIN_PATH_TEXT));
  if (isIn(wanted, METHOD_TEXT)) read(METHOD_TEXT, methodAt, methodLength);
  if (isIn(wanted, OPERATION_TEXT)) read(OPERATION_TEXT, operationAt, operationLength);
  if (isIn(wanted, ROUTE_TEXT)) read(ROUTE_TEXT, routeAt, routeLength);
  if (isIn(wanted, MOUNT_TEXT)) readFolder(MOUNT_TEXT, mountAt, mountLength);
  if (isIn(wanted, WHOLE_MOUNT_TEXT)) readWholeMount();
  if (isIn(wanted, NAMESPACE_TEXT)) readFolder(NAMESPACE_TEXT, namespaceAt, namespaceLength);
  if (isIn(wanted, TENANT_TEXT)) read(TENANT_TEXT, tenantAt, tenantLength);
  if (isIn(wanted, OUTCOME_TEXT)) read(OUTCOME_TEXT, outcomeAt, outcomeLength);
  if (isIn(wanted, TYPE_TEXT)) read(TYPE_TEXT, typeAt, typeLength);
  if (copyAt > highest) highest = copyAt;
}

export function wipeRuleTexts(): void {
  memory.fill(RULE_COPIES, 0, highest - RULE_COPIES);
  highest = RULE_COPIES;
}

function isIn(wanted: u32, text: u32): bool {
  return (wanted & (1 << text)) != 0;
}

function read(text: u32, at: usize, length: usize): void {
  look(at, length);
  set(text, textAt, textLength);
}

/** A text that names a folder: it is looked at with a slash at its end. */
function readFolder(text: u32, at: usize, length: usize): void {
  look(at, length);
  endWithSlash();
  set(text, textAt, textLength);
}

/** It may stay in `NAME`: nothing is decoded there until the rules have come to their end. */
function readWholeMount(): void {
  const length = qualifiedMount();
  textAt = NAME;
  textLength = length < 0 ? (NO_TEXT as usize) : (length as usize);
  endWithSlash();
  set(WHOLE_MOUNT_TEXT, textAt, textLength);
}

function readPath(plainToo: bool): void {
  look(pathAt, pathLength);
  if (textLength != (NO_TEXT as usize)) textLength = addressEnd(textAt, textAt + textLength) - textAt;
  set(PATH_TEXT, textAt, textLength);
  if (!plainToo) return;
  const isPlain = textLength != (NO_TEXT as usize) && !isCut && !isAmbiguous(textAt, textAt + textLength);
  set(PLAIN_PATH_TEXT, textAt, isPlain ? textLength : (NO_TEXT as usize));
}

function set(text: u32, at: usize, length: usize): void {
  const entry = RULE_TEXTS + (text as usize) * TEXT_BYTES;
  store<usize>(entry, at);
  store<usize>(entry, length, 4);
}

/** Looks at the text whose bytes, as spelt, are these; `at` is 0 when there is none. */
function look(at: usize, length: usize): void {
  textAt = at;
  textLength = at == 0 ? (NO_TEXT as usize) : length;
  isCut = false;
  if (at == 0 || plainEnd(at, at + length) == at + length) return;
  isCut = length > NAME_BYTES;
  textLength = decode(at, at + min(length, NAME_BYTES), copyAt) - copyAt;
  endCopy();
}

function endWithSlash(): void {
  if (textLength == 0 || textLength == (NO_TEXT as usize)) return;
  // What is so long is longer than all that is wanted, with or without it.
  if (load<u8>(textAt + textLength - 1) == 0x2f || textLength > NAME_BYTES) return;
  // What is a copy already has room behind it.
  if (textAt > POLICY) {
    copy(copyAt, textAt, textLength);
    endCopy();
  }
  store<u8>(textAt + textLength++, 0x2f);
}

/** What was looked at lies at `copyAt` now. */
function endCopy(): void {
  textAt = copyAt;
  copyAt += textLength + SLACK;
}
