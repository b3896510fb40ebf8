import { type AddressList, parseAddressList } from '../client/address-list.ts'
import type { ClientSettings } from '../client/client-settings.ts'
import { compileTrust } from '../client/proxy-trust.ts'
import { checkWholeNumber, rejectOption } from '../errors/option-checks.ts'
import type { RateLimiterOptions } from './rate-limiter-options.ts'

const DEFAULT_IPV6_SUBNET = 56

/** A provider is given 32 bits. With fewer bits, all customers of several providers would share one quota. */
const FEWEST_IPV6_BITS = 32

/** Compiles the options that identify clients or list them. */
export function parseClientOptions(
  options: Pick<
    RateLimiterOptions,
    'trustProxy' | 'clientIpHeader' | 'ipv6Subnet' | 'allowList' | 'denyList'
  >,
): ClientSettings {
  const { trustProxy, clientIpHeader = 'x-forwarded-for', ipv6Subnet = DEFAULT_IPV6_SUBNET } = options
  return {
    trust: trustProxy === undefined ? undefined : compileTrust(trustProxy),
    header: checkFieldName(clientIpHeader),
    ipv6Subnet: checkWholeNumber('ipv6Subnet', ipv6Subnet, FEWEST_IPV6_BITS, 128),
    allowList: parseList('allowList', options.allowList),
    denyList: parseList('denyList', options.denyList),
  }
}

function parseList(option: 'allowList' | 'denyList', list: unknown): AddressList | undefined {
  return list === undefined ? undefined : parseAddressList(option, list)
}

/** A field name is a token (RFC 9110, 5.1). */
function checkFieldName(name: unknown): string {
  if (typeof name === 'string' && /^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return name.toLowerCase()
  return rejectOption(
    'clientIpHeader',
    name,
    'takes the name of one header',
    "Give 'x-forwarded-for', 'forwarded', or a header with a single address, such as 'cf-connecting-ip'.",
  )
}
