/**
 * Why a start, a reload or a change does not happen, in words for the operator: the message says what to do and never
 * repeats a record, a salt or a token. Whatever is of this kind is shown as it is; of any other error only the name.
 */
export abstract class Refused extends Error {}
