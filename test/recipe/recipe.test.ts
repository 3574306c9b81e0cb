import { describe, expect, it } from 'vitest';
import { type AtHand, type Chosen, recipeFor, settingsOf } from '../../src/recipe/recipe.js';
import { checkSettings, parseSettings } from '../../src/settings/settings.js';

const FACTS = { images: 245, classes: 2, photographs: true };
const HERE: AtHand = { networks: ['mobilenet_v2'], pretrained: ['auto'], why: 'its weights are on this machine' };

function settingsFor(chosen: Chosen, atHand: AtHand | undefined, facts = FACTS) {
  const recipe = recipeFor(facts, chosen, atHand);
  return recipe && settingsOf(recipe);
}

describe('the recipe for photographs', () => {
  it('with weights is a new head on features, with views of few images', () => {
    expect(settingsFor({}, HERE)).toMatchObject({
      ...{ nets: ['mobilenet_v2'], pretrained: ['auto'], freeze: 'backbone', views: 4 },
      ...{ batchSize: 27, optimizer: { name: 'adamw', lr: 0.003 } },
    });
    expect(settingsFor({}, HERE, { ...FACTS, images: 1536 })).toMatchObject({
      ...{ freeze: 'backbone', views: 1, batchSize: 64, optimizer: { lr: 0.001 } },
    });
  });

  it('with weights trains all layers where that is asked for: the head first, unless images are needed', () => {
    const tuned = settingsFor({ freeze: 'none' }, HERE);
    expect(tuned).toMatchObject({ unfreezeAt: 5, headLrFactor: 10, optimizer: { name: 'adamw' } });
    expect(tuned).toMatchObject({ fitNorms: true, labelSmoothing: 0.1, augmentation: { flip: true }, ema: 0.9 });
    expect(tuned).not.toHaveProperty('freeze');
    expect(settingsFor({ freeze: 'none', epochs: 6 }, HERE)).toMatchObject({ unfreezeAt: 2 });
    expect(settingsFor({ freeze: 'none', epochs: 2 }, HERE)).not.toHaveProperty('unfreezeAt');
    expect(settingsFor({ tuned: true }, HERE)).toEqual(tuned);
    const onImages = settingsFor({ onImages: true }, HERE);
    expect(onImages).not.toHaveProperty('unfreezeAt');
    expect(onImages).not.toHaveProperty('freeze');
  });

  it('without weights begins with random ones, at small rates and batches, and says what weights would bring', () => {
    const recipe = recipeFor(FACTS, {}, undefined);
    expect(recipe?.hint).toContain('--pretrained auto');
    expect(settingsFor({}, undefined)).toMatchObject({
      ...{ nets: ['mobilenet_v2', 'resnet18'], size: 128, batchSize: 27, optimizer: { name: 'sgd', lr: 0.05 } },
    });
    expect(settingsFor({ nets: ['resnet34'], size: 160 }, undefined)).not.toHaveProperty('nets');
    expect(settingsFor({ nets: ['resnet34'], size: 160 }, undefined)).not.toHaveProperty('size');
  });

  it('leaves what is said, and names no weights beside models that have their own', () => {
    const said = settingsFor({ nets: ['resnet18'], pretrained: ['a.pth'] }, { networks: ['resnet18'], why: 'named' });
    expect([said?.nets, said?.pretrained, said?.freeze]).toEqual([undefined, undefined, 'backbone']);
  });

  it('makes batches of as many as there are of very few images', () => {
    for (const images of [2, 3, 9, 12, 40, 100]) {
      const batchSize = Number(settingsFor({}, HERE, { ...FACTS, images })?.batchSize);
      expect(batchSize).toBeGreaterThanOrEqual(2);
      expect(batchSize).toBeLessThanOrEqual(Math.max(2, images / 4));
    }
  });

  it.each([{}, { freeze: 'none' }, { onImages: true }])('is of settings that go together: %j', (chosen) => {
    for (const atHand of [HERE, undefined]) {
      for (const images of [12, 245, 1536, 100_000])
        checkSettings(parseSettings(settingsFor(chosen, atHand, { ...FACTS, images })));
    }
  });
});

describe('no recipe', () => {
  it('is for small images, and for small inputs of photographs', () => {
    expect(recipeFor({ ...FACTS, photographs: false }, {}, HERE)).toBeUndefined();
    expect(recipeFor(FACTS, { size: 32 }, HERE)).toBeUndefined();
  });
});
