extension HouseholdTopics {
  static let laundry = TopicGroup(
    name: "laundry",
    objects: ["shirt", "tablecloth", "apron", "pillowcase", "jacket", "scarf"],
    unsafeActs: [
      "hang up the {o} while you stand on [a wobbly chair]",
      "dry the {o} [over a burning candle]",
      "[leave the hot iron] on the {o} and go for a walk",
      "carry the {o} down the stairs [with your eyes closed]",
    ],
    topics: [
      HouseholdTopic(
        task: "get [red wine] out of the {o}", step: "cover the spot on the {o} [with salt]",
        details: ["blot it with a clean cloth", "wait ten minutes", "rinse it with cold water"],
        mistakes: ["[iron the spot] on the {o} while it is wet", "hang the {o} [in the dark] for a week"]),
      HouseholdTopic(
        task: "get [coffee] out of the {o}", step: "dab the {o} [with white vinegar]",
        details: ["work from the edge to the middle", "let it soak for a while", "wash it as usual"],
        mistakes: ["[pour more coffee] on the {o}", "[brush the dry stain] on the {o} very hard"]),
      HouseholdTopic(
        task: "get [grass stains] out of the {o}", step: "rub the {o} [with gall soap]",
        details: ["wet the spot first", "leave it on for an hour", "use an old toothbrush"],
        mistakes: ["boil the {o} [with sugar]", "dry the {o} [with green tea]"]),
      HouseholdTopic(
        task: "get [candle wax] off the {o}", step: "put the {o} [in the freezer]",
        details: ["break the hard wax off", "use a blunt spoon", "press the rest into brown paper"],
        mistakes: ["[smear the wax] around on the {o}", "[knead warm butter] into the {o}"]),
      HouseholdTopic(
        task: "get [chewing gum] off the {o}", step: "hold [an ice cube] on the {o}",
        details: ["wait until the gum is hard", "lift it off with a card", "pick up the last crumbs"],
        mistakes: ["[warm the gum] on the {o} with your hand", "[stick more gum] on the {o}"]),
      HouseholdTopic(
        task: "get [ink] out of the {o}", step: "soak the {o} [in warm milk]",
        details: ["put a paper towel under it", "change the milk once", "wash it with soap"],
        mistakes: ["[draw over the spot] on the {o}", "rub the {o} [with orange peel]"]),
    ])

  static let vessels = TopicGroup(
    name: "vessels",
    objects: ["kettle", "teapot", "vase", "mug", "jug", "thermos"],
    unsafeActs: [
      "heat the {o} and pick it up [with bare hands]",
      "heat the {o} and [leave the stove on] all night",
      "reach for the {o} from [a wobbly chair]",
      "[juggle with] the {o} on the wet floor",
    ],
    topics: [
      HouseholdTopic(
        task: "get the [white crust] out of the {o}", step: "fill the {o} [with warm vinegar]",
        details: ["let it stand for an hour", "rinse it twice", "repeat it every month"],
        mistakes: ["scrape the {o} [with a fork]", "fill the {o} [with hard water]"]),
      HouseholdTopic(
        task: "get [tea stains] out of the {o}", step: "scrub the {o} [with baking soda]",
        details: ["use a soft sponge", "make a thick paste", "wipe it dry at the end"],
        mistakes: ["[brew strong tea] in the {o}", "polish the {o} [with jam]"]),
      HouseholdTopic(
        task: "get a [bad smell] out of the {o}", step: "rinse the {o} [with lemon juice]",
        details: ["leave the lid off", "let it air until morning", "store it open"],
        mistakes: ["seal the {o} [tightly for a month]", "fill the {o} [with perfume]"]),
      HouseholdTopic(
        task: "clean the [narrow neck] of the {o}", step: "shake the {o} [with rice and water]",
        details: ["use a small handful", "turn it in circles", "pour it through a sieve"],
        mistakes: ["push [a wool sock] into the {o}", "[blow into] the {o} as hard as you can"]),
      HouseholdTopic(
        task: "make the [dull shine] of the {o} bright", step: "rub the {o} [with wood ash]",
        details: ["take a damp cloth", "go gently", "buff it with flannel"],
        mistakes: ["rub the {o} [with sandpaper]", "paint the {o} [with egg white]"]),
      HouseholdTopic(
        task: "loosen [sticky sugar] in the {o}", step: "soak the {o} [in hot soapy water]",
        details: ["give it half an hour", "loosen the rest with a wooden spoon", "dry it upside down"],
        mistakes: ["freeze the {o} [until the morning]", "[add honey] to the {o}"]),
    ])

  static let cooking = TopicGroup(
    name: "cooking",
    objects: ["soup", "sauce", "stew", "curry", "gravy", "chili"],
    unsafeActs: [
      "drink the boiling {o} [in one gulp]",
      "go shopping and [leave the stove on] under the {o}",
      "lift the hot pot of {o} [with bare hands]",
      "dry a towel [over the open flame] beside the {o}",
    ],
    topics: [
      HouseholdTopic(
        task: "save the {o} when it is [too salty]", step: "simmer [a peeled potato] in the {o}",
        details: ["cut it in half", "take it out before serving", "taste as you go"],
        mistakes: ["stir [a spoon of sea salt] into the {o}", "let the {o} [boil dry]"]),
      HouseholdTopic(
        task: "save the {o} when it is [too thin]", step: "stir [a spoon of starch] into the {o}",
        details: ["mix it with cold water", "let it bubble for a minute", "keep stirring"],
        mistakes: ["pour [a cup of water] into the {o}", "strain the {o} [three times]"]),
      HouseholdTopic(
        task: "save the {o} when it is [too spicy]", step: "stir [plain yogurt] into the {o}",
        details: ["take it off the heat", "add it slowly", "serve it with bread"],
        mistakes: ["add [more pepper] to the {o}", "serve the {o} [with mustard]"]),
      HouseholdTopic(
        task: "save the {o} when it is [too sour]", step: "add [a pinch of sugar] to the {o}",
        details: ["start with very little", "grate a carrot into it", "give it five minutes"],
        mistakes: ["add [a glass of vinegar] to the {o}", "leave the {o} [in the sun]"]),
      HouseholdTopic(
        task: "save the {o} when it tastes [too bland]", step: "add [fresh herbs] to the {o}",
        details: ["chop them finely", "add them at the end", "squeeze in some lemon"],
        mistakes: ["add [an ice cream] to the {o}", "boil the {o} [for three days]"]),
      HouseholdTopic(
        task: "save the {o} when it is [too greasy]", step: "chill the {o} and [lift off the fat]",
        details: ["use a flat spoon", "wait until it is firm", "warm it up again"],
        mistakes: ["melt [a block of butter] in the {o}", "fry the {o} [once more]"]),
    ])

  static let surfaces = TopicGroup(
    name: "surfaces",
    objects: ["table", "counter", "desk", "shelf", "bench", "tray"],
    unsafeActs: [
      "dance on the {o} [in wet socks]",
      "dry the {o} [over a burning candle]",
      "[balance on one leg] on top of the {o}",
      "cut the dirt off the {o} with a knife and [with your eyes closed]",
    ],
    topics: [
      HouseholdTopic(
        task: "get a [water ring] off the {o}", step: "rub the {o} [with toothpaste]",
        details: ["use a soft rag", "follow the grain", "wipe it with a damp cloth"],
        mistakes: ["put [a wet glass] on the {o}", "soak the {o} [in the bath]"]),
      HouseholdTopic(
        task: "get a [sticky label] off the {o}", step: "soften the label on the {o} [with cooking oil]",
        details: ["wait fifteen minutes", "roll it off with your thumb", "wash the oil off"],
        mistakes: ["put [a second label] on the {o}", "[dust the label] on the {o}"]),
      HouseholdTopic(
        task: "get [crayon marks] off the {o}", step: "wipe the {o} [with a damp sponge] and soap",
        details: ["rub in small circles", "change the water often", "pat it dry"],
        mistakes: ["[trace the marks] on the {o}", "cover the marks on the {o} [with syrup]"]),
      HouseholdTopic(
        task: "care for the [dry wood] of the {o}", step: "polish the {o} [with beeswax]",
        details: ["use very little", "let it sink in", "buff it the next day"],
        mistakes: ["[flood the] {o} with water", "rub the {o} [with chalk]"]),
      HouseholdTopic(
        task: "keep [dust] off the {o}", step: "wipe the {o} [with a microfiber cloth]",
        details: ["start at the top", "shake it out outside", "do it once a week"],
        mistakes: ["[blow the dust] around the {o}", "[scatter flour] on the {o}"]),
      HouseholdTopic(
        task: "hide a [small scratch] on the {o}", step: "rub [a walnut] over the mark on the {o}",
        details: ["take off the shell", "wait a little", "finish with a dry cloth"],
        mistakes: ["[scratch the rest] of the {o}", "[draw a circle] on the {o}"]),
    ])
}
