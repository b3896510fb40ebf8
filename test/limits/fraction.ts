/** An exact rational number. */
export class Fraction {
  readonly #numerator: bigint
  readonly #denominator: bigint

  private constructor(numerator: bigint, denominator: bigint) {
    this.#numerator = numerator
    this.#denominator = denominator
  }

  /** The quotient of two whole numbers. The denominator must be at least 1. */
  static of(numerator: number, denominator = 1): Fraction {
    return new Fraction(BigInt(numerator), BigInt(denominator))
  }

  plus(other: Fraction): Fraction {
    // Fractions are never reduced. Without this branch, the denominators would grow with each sum.
    if (this.#denominator === other.#denominator) {
      return new Fraction(this.#numerator + other.#numerator, this.#denominator)
    }
    return new Fraction(
      this.#numerator * other.#denominator + other.#numerator * this.#denominator,
      this.#denominator * other.#denominator,
    )
  }

  minus(other: Fraction): Fraction {
    return this.plus(new Fraction(-other.#numerator, other.#denominator))
  }

  times(factor: number): Fraction {
    return new Fraction(this.#numerator * BigInt(factor), this.#denominator)
  }

  /** The quotient of this fraction and a divisor, which must be above 0. */
  over(divisor: Fraction): Fraction {
    return new Fraction(this.#numerator * divisor.#denominator, this.#denominator * divisor.#numerator)
  }

  atMost(other: Fraction): boolean {
    return this.#numerator * other.#denominator <= other.#numerator * this.#denominator
  }

  max(other: Fraction): Fraction {
    return this.atMost(other) ? other : this
  }

  floor(): number {
    const rest = this.#numerator % this.#denominator
    return Number((this.#numerator - rest) / this.#denominator) - (rest < 0n ? 1 : 0)
  }

  ceil(): number {
    const rest = this.#numerator % this.#denominator
    return Number((this.#numerator - rest) / this.#denominator) + (rest > 0n ? 1 : 0)
  }
}
