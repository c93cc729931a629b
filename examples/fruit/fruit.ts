import { deployment, type Handle } from "mantaray";

class FruitStand {
  price = 1;

  reconfigure({ price }: { price: number }) {
    this.price = price;
  }

  checkPrice(amount: number) {
    return this.price * amount;
  }
}

class FruitMarket {
  readonly stands: Record<string, Handle<FruitStand>>;

  constructor(stands: Record<string, Handle<FruitStand>>) {
    this.stands = stands;
  }

  async fetch(request: Request) {
    const [fruit, amount] = (await request.json()) as [string, number];
    return (await this.stands[fruit]?.checkPrice(amount)) ?? -1;
  }
}

// Asking for a price changes nothing: a POST whose replica died with it may be sent to another one.
const retryNonIdempotent = true;

const mango = deployment(FruitStand, { name: "MangoStand", userConfig: { price: 3 }, retryNonIdempotent });
const orange = deployment(FruitStand, { name: "OrangeStand", userConfig: { price: 2 }, retryNonIdempotent });
const pear = deployment(FruitStand, { name: "PearStand", userConfig: { price: 4 }, retryNonIdempotent });

export const deployment_graph = deployment(FruitMarket, { numReplicas: 2, retryNonIdempotent }).bind({
  MANGO: mango.bind(),
  ORANGE: orange.bind(),
  PEAR: pear.bind(),
});
