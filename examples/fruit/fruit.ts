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

const mango = deployment(FruitStand, { name: "MangoStand", userConfig: { price: 3 } });
const orange = deployment(FruitStand, { name: "OrangeStand", userConfig: { price: 2 } });
const pear = deployment(FruitStand, { name: "PearStand", userConfig: { price: 4 } });

export const deployment_graph = deployment(FruitMarket, { numReplicas: 2 }).bind({
  MANGO: mango.bind(),
  ORANGE: orange.bind(),
  PEAR: pear.bind(),
});
