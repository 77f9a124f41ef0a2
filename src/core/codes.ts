import type {CodeEntry} from './code-entry.js';
import {errorTable} from './error-codes.js';
import {findingTable} from './finding-codes.js';

/** Codes of errors: what stops a command. */
export type ErrorCode = keyof typeof errorTable;
/** Codes of findings: what a verification saw that is not as promised. */
export type FindingCode = keyof typeof findingTable;

/** The closed table of all codes, with exit code and the text of `explain`. */
export const codes: Readonly<Record<ErrorCode | FindingCode, CodeEntry>> = {...errorTable, ...findingTable};
/** All finding codes, for schemas and tests. */
export const findingCodes = Object.keys(findingTable) as readonly FindingCode[];
