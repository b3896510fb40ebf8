/** Where the site is published. */
export const SITE = 'https://express-tollgate.github.io/express-tollgate/'

/** One page of the documentation. */
export interface Page {
  /** The title in the sidebar and in llms.txt. */
  readonly title: string
  /** The file, from the folder of the documentation. */
  readonly file: string
  /** The heading that it has in the sidebar and in llms.txt. */
  readonly group: string
  /** What a reader finds there: one sentence. */
  readonly about: string
}

const inGroup = (group: string, pages: readonly (readonly [string, string, string])[]): readonly Page[] =>
  pages.map(([file, title, about]) => ({ title, file, group, about }))

/**
 * Every page but the home page, in the order of the sidebar. The sidebar and llms.txt are made of this list.
 * test/integration/site/pages.test.ts compares it with the folder.
 */
export const PAGES: readonly Page[] = [
  ...inGroup('First steps', [
    ['quick-start.md', 'Quick start', 'Install the package, limit an app, and check that it works.'],
    ['proxies.md', 'Behind a proxy', 'Which setting finds the address of the client, for each platform.'],
    [
      'migrating.md',
      'Moving from other limiters',
      'Each option of express-rate-limit and others, and its equal here.',
    ],
    ['testing.md', 'Testing your app', 'Turn a clock instead of waiting, in vitest, jest and node:test.'],
  ]),
  ...inGroup('Limits', [
    ['algorithms.md', 'Algorithms', 'How the fixed window, the sliding window and the token bucket count.'],
    [
      'several-limits.md',
      'Several limits at once',
      'Limit a client by the second and by the hour, all or nothing.',
    ],
    ['plans.md', 'Plans', 'Give customers on different plans different limits.'],
    ['monthly-quotas.md', 'Monthly quotas', 'Count by calendar months, days or hours of a time zone.'],
    ['choosing-limits.md', 'Choosing limits', 'Find limits for your app by replaying its access log.'],
    ['concurrency.md', 'Requests in flight', 'Limit how many requests of a client run at the same time.'],
    ['units.md', 'Units', 'Name what a limit counts: tokens, rows or bytes in place of requests.'],
    [
      'settlements.md',
      'Costs known afterwards',
      'Charge a request, then correct the charge to its real cost.',
    ],
  ]),
  ...inGroup('Clients', [
    ['user-id.md', 'By user id', 'Limit by address before authentication, and by user after it.'],
    ['login.md', 'Login', 'Limit attempts to log in, and ban clients that continue.'],
    [
      'exemptions.md',
      'Health checks and exemptions',
      'Let some clients and some routes pass without a charge.',
    ],
  ]),
  ...inGroup('Answers', [
    ['headers.md', 'Headers', 'What each rate limit header says, and which formats there are.'],
    ['custom-answers.md', 'Custom answers', 'Change the status, the body or the whole answer of a refusal.'],
    ['cors.md', 'CORS and browsers', 'Preflights, and headers that a page of another origin can read.'],
  ]),
  ...inGroup('Kinds of apps', [
    ['graphql-trpc.md', 'GraphQL and tRPC', 'Limit operations that all share one URL.'],
    ['socket-io.md', 'Socket.IO and WebSockets', 'Limit handshakes, upgrades and messages.'],
    ['uploads.md', 'Uploads', 'Refuse a large request before its body is read.'],
    ['language-models.md', 'Language models', 'Limit tokens and budgets of calls to a language model.'],
    ['serverless.md', 'Serverless', 'Limits in functions that run as a service.'],
    ['nestjs.md', 'NestJS', 'One limiter for the whole app, or for one module.'],
  ]),
  ...inGroup('Stores', [
    ['stores.md', 'Stores', 'Where counters can live, and what each store can do.'],
    ['persistence.md', 'Restarts', 'Keep the counters of a memory store in a file.'],
    ['redis.md', 'Redis', 'Count for several processes in Redis or Valkey.'],
    ['custom-store.md', 'A store of your own', 'Write a store, and check it with the conformance suite.'],
    ['failures.md', 'When the store fails', 'Deadline, circuit breaker and fallback, and how to choose.'],
    ['clocks.md', 'Clocks', 'Which clock counts, and what happens when it is set.'],
  ]),
  ...inGroup('In production', [
    ['operating.md', 'Operating', 'What to watch, and what to do when something is wrong.'],
    ['metrics.md', 'Metrics', 'Every metric for Prometheus and OpenTelemetry.'],
    ['audit.md', 'Route audit', 'Prove in a test that no route can be reached without a limit.'],
    ['code-scanning.md', 'Code scanning', 'What to do about the missing-rate-limiting alert of CodeQL.'],
    ['command-line.md', 'Command line', 'The program that audits an app and replays an access log.'],
    ['openapi.md', 'OpenAPI', 'Describe limits, headers and refusals in an OpenAPI document.'],
  ]),
  ...inGroup('Reference', [
    ['options.md', 'Options', 'Every option, each with an example.'],
    ['environment.md', 'Environment variables', 'Set limits by environment variables.'],
    ['errors.md', 'Errors and warnings', 'An entry for each code: what it means and what to do.'],
    ['benchmarks.md', 'Benchmarks', 'What a decision costs, measured beside other libraries.'],
  ]),
  ...inGroup('The project', [
    ['architecture.md', 'Architecture', 'Where everything is in the source, and in which order to read it.'],
    ['decisions/README.md', 'Decisions', 'Why things are as they are: short records of choices.'],
    ['decisions/first-design.md', 'First design', 'Where the library differs from its first design.'],
    [
      'decisions/calendar-windows.md',
      'Calendar windows',
      'Why a limit by month has an algorithm of its own.',
    ],
    ['decisions/typed-arrays.md', 'Typed arrays', 'Why the memory store keeps clients in typed arrays.'],
    ['decisions/keyed-hash.md', 'Keyed hash', 'Why the memory store hashes keys with a secret.'],
    [
      'decisions/one-script-one-key.md',
      'One script, one key',
      'Why a decision in Redis is one script call on one key.',
    ],
    ['decisions/redis-in-batches.md', 'Redis in batches', 'Why several decisions go to Redis in one call.'],
    [
      'decisions/own-redis-connection.md',
      'Own Redis connection',
      'Why the Redis store opens a connection with ioredis.',
    ],
    [
      'decisions/refusals-are-not-counted.md',
      'Refusals are not counted',
      'Why a refused request takes nothing.',
    ],
    ['decisions/own-address-list.md', 'Own address list', 'Why lists of addresses do not use net.BlockList.'],
  ]),
]

/** The path of a page on the site, from its base: `errors`, `decisions/`. */
export const pathOf = ({ file }: Page): string => file.replace(/(?:README)?\.md$/, '')

/** A heading of the sidebar, with its pages. */
export interface PageGroup {
  readonly group: string
  readonly pages: readonly Page[]
}

/** The pages that the site has, by heading. */
export const GROUPS: readonly PageGroup[] = [...new Set(PAGES.map(({ group }) => group))].map((group) => ({
  group,
  pages: PAGES.filter((page) => page.group === group),
}))
