import { checkChoice, checkFlag } from '../errors/option-checks.ts'
import { draft6 } from '../response/draft-6.ts'
import { draft7 } from '../response/draft-7.ts'
import { draft8 } from '../response/draft-8.ts'
import { draft11 } from '../response/draft-11.ts'
import type { HeaderFormat } from '../response/header-format.ts'
import { legacyFormat } from '../response/legacy-format.ts'
import type { RateLimiterOptions, StandardHeadersName } from './rate-limiter-options.ts'

const DRAFTS: Readonly<Record<StandardHeadersName, HeaderFormat>> = {
  'draft-6': draft6,
  'draft-7': draft7,
  'draft-8': draft8,
  'draft-11': draft11,
}

const NEWEST: StandardHeadersName = 'draft-11'

/** Compiles the options of the headers that show a client its limits. */
export function parseHeaderFormats(
  options: Pick<RateLimiterOptions, 'legacyHeaders' | 'standardHeaders' | 'resetFormat'>,
): readonly HeaderFormat[] {
  const resetFormat = checkChoice('resetFormat', options.resetFormat, ['epoch', 'delta'], 'epoch')
  const legacy = checkFlag('legacyHeaders', options.legacyHeaders, true)
  const draft = parseDraft(options.standardHeaders)
  return [...(legacy ? [legacyFormat(resetFormat)] : []), ...(draft === undefined ? [] : [DRAFTS[draft]])]
}

function parseDraft(option: unknown): StandardHeadersName | undefined {
  if (option === undefined || option === false) return undefined
  if (option === true) return NEWEST
  return checkChoice('standardHeaders', option, Object.keys(DRAFTS) as StandardHeadersName[], NEWEST)
}
