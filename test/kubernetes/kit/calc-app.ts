import { deployment, type Handle } from "mantaray";

class Multiplier {
  factor = 1;

  reconfigure({ factor }: { factor: number }) {
    this.factor = factor;
  }

  multiply(amount: number) {
    return amount * this.factor;
  }
}

class Router {
  readonly multiplier: Handle<Multiplier>;

  constructor(multiplier: Handle<Multiplier>) {
    this.multiplier = multiplier;
  }

  async fetch(request: Request) {
    const [, amount] = (await request.json()) as [string, number];
    return `${await this.multiplier.multiply(amount)} pizzas please!`;
  }
}

const retryNonIdempotent = true;
const multiplier = deployment(Multiplier, { name: "Multiplier", userConfig: { factor: 5 }, retryNonIdempotent });

export const serve_dag = deployment(Router, { name: "Router", retryNonIdempotent }).bind(multiplier.bind());
