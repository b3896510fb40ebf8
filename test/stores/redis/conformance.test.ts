import { describeServerConformance, NEWEST_CLIENTS } from '../../support/redis/describe-conformance.ts'

// older-clients-conformance.slow.test.ts tests the other clients.
describeServerConformance('the store conformance of RedisStore', (client) => NEWEST_CLIENTS.includes(client))
