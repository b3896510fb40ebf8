import type { LineParserState } from '../line-parser-state.ts'
import type { ParsedLine } from '../log-entry.ts'
import { parseCaddyFields } from './caddy-json.ts'
import { parseGoogleCloudFields } from './google-cloud-json.ts'
import { type JsonFields, parseJsonFields } from './json-fields.ts'
import { parseNginxFields } from './nginx-json.ts'
import { parseTraefikFields } from './traefik-json.ts'

export type FieldsParser = (fields: JsonFields, state: LineParserState) => ParsedLine

/** Parses a line of JSON, one object, with the parser of its format. By default the names decide on it. */
export function parseJsonLine(line: string, state: LineParserState, parser?: FieldsParser): ParsedLine {
  const fields = parseJsonFields(line)
  if (fields === undefined) return { unreadable: 'the line is not a JSON object' }
  return (parser ?? parserOf(fields))(fields, state)
}

function parserOf(fields: JsonFields): FieldsParser {
  if (fields.httpRequest !== undefined) return parseGoogleCloudFields
  if (fields.RequestMethod !== undefined || fields.ClientAddr !== undefined) return parseTraefikFields
  // In nginx's logs `request` is a text.
  return typeof fields.request === 'object' ? parseCaddyFields : parseNginxFields
}
