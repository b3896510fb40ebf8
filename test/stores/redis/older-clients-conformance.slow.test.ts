import { describeServerConformance, NEWEST_CLIENTS } from '../../support/redis/describe-conformance.ts'

describeServerConformance(
  'the store conformance of RedisStore with older clients and a command function',
  (client) => !NEWEST_CLIENTS.includes(client),
)
