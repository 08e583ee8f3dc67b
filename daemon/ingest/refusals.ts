/** Codes of the refusals a client can receive (docs/errors.md). */
export const refusalCodes = ['invalid_record', 'too_large', 'not_recorded', 'no_device', 'stopping'] as const;
export type RefusalCode = (typeof refusalCodes)[number];
