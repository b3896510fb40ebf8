import { parseAddressList } from '../client/address-list.ts'
import { checkIpv6Subnet, DEFAULT_IPV6_SUBNET } from '../client/client-key.ts'
import type { ClientSettings } from '../client/client-settings.ts'
import { DenyList } from '../client/deny-list.ts'
import { compileTrust, trustsAdapter } from '../client/proxy-trust.ts'
import { rejectOption } from '../errors/option-checks.ts'
import type { RateLimiterOptions } from './rate-limiter-options.ts'

/** Compiles the options that identify clients or list them. */
export function parseClientOptions(
  options: Pick<
    RateLimiterOptions,
    'trustProxy' | 'clientIpHeader' | 'ipv6Subnet' | 'allowList' | 'denyList'
  >,
): ClientSettings {
  const {
    allowList,
    denyList,
    trustProxy,
    clientIpHeader = 'x-forwarded-for',
    ipv6Subnet = DEFAULT_IPV6_SUBNET,
  } = options
  return {
    trust: trustProxy === undefined ? undefined : compileTrust(trustProxy),
    trustsAdapter: trustsAdapter(trustProxy),
    header: checkFieldName(clientIpHeader),
    ipv6Subnet: checkIpv6Subnet(ipv6Subnet),
    allowList: allowList === undefined ? undefined : parseAddressList('allowList', allowList),
    denyList: denyList === undefined ? undefined : parseAddressList('denyList', denyList, DenyList),
  }
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
