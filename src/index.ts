export { clientKey } from './client/client-key.ts'
export type { ClientExplanation, ExplainedHop } from './client/explain-client.ts'
export type { TrustFunction } from './client/proxy-trust.ts'
export { createRateLimiter } from './create-rate-limiter.ts'
export {
  RateLimiterError,
  type RateLimiterErrorCode,
  type RateLimiterErrorDetails,
} from './errors/rate-limiter-error.ts'
export type { RateLimiterWarningCode } from './errors/warning.ts'
export type {
  BanEvent,
  CircuitEvent,
  DecisionEvent,
  EvictionEvent,
  SettlementEvent,
  StoreCallEvent,
  StoreFailureEvent,
  StoreFailureKind,
} from './events/channels.ts'
export type { Outcome } from './events/outcome.ts'
export type { GuardedApp } from './limiter/express-app.ts'
export type { ChargeOptions, RateLimiter } from './limiter/rate-limiter.ts'
export type { GuardOptions } from './limiter/server-guard.ts'
export type { BanRule } from './limits/ban.ts'
export {
  type Calendar,
  type CalendarParts,
  type CalendarSpan,
  type CalendarUnit,
  calendarWindowAt,
} from './limits/calendar.ts'
export type { Ban, Decision, LimitState, Receipt } from './limits/decision.ts'
export type { AlgorithmName, ChosenAlgorithm, Limit } from './limits/limit.ts'
export type {
  AnswerDescription,
  HeaderDescription,
  LimitDescription,
  LimiterDescription,
} from './limits/limiter-description.ts'
export type { ReadOrWrite, RequestClass } from './limits/request-class.ts'
export type { MaybePromise } from './maybe-promise.ts'
export type { BanOptions, LimitOptions, LimitSetting, PlanOptions } from './options/budget-options.ts'
export type { Callback } from './options/callback.ts'
export { type Env, type EnvOptions, type EnvSource, optionsFromEnv } from './options/env-options.ts'
export type {
  Clock,
  RateLimiterOptions,
  StandardHeadersName,
  StoreErrorPolicy,
} from './options/rate-limiter-options.ts'
export type { Next } from './response/next.ts'
export type { RateLimitInfo } from './response/rate-limit-info.ts'
export type { MemoryStoreStats } from './stores/memory/memory-stats.ts'
export { MemoryStore, type MemoryStoreOptions } from './stores/memory/memory-store.ts'
export type { CircuitState } from './stores/resilience/circuit-breaker.ts'
export type { Logger, StoreHealth } from './stores/resilience/store-health.ts'
export type { Charge, Store, StoreCapabilities } from './stores/store.ts'
