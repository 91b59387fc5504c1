extension HouseholdTopics {
  static let garden = TopicGroup(
    name: "garden",
    objects: ["roses", "tomatoes", "beans", "lettuces", "tulips", "strawberries"],
    unsafeActs: [
      "[run with open shears] around the {o}",
      "look at the {o} from the top of [a wobbly ladder]",
      "walk past the {o} [barefoot over the rake]",
      "throw the spade [high into the air] over the {o}",
    ],
    topics: [
      HouseholdTopic(
        task: "keep [snails] away from the {o}", step: "put [crushed eggshells] around the {o}",
        details: ["make a wide ring", "renew it after rain", "look again in the evening"],
        mistakes: ["plant [salad for the snails] near the {o}", "[sing loudly] to the {o}"]),
      HouseholdTopic(
        task: "get [greenfly] off the {o}", step: "spray the {o} [with soapy water]",
        details: ["do it on a dry day", "reach under the leaves", "repeat it after a week"],
        mistakes: ["[hang a lamp] over the {o}", "spray the {o} [with cola]"]),
      HouseholdTopic(
        task: "help the {o} in a [heat wave]", step: "water the {o} [early in the morning]",
        details: ["aim for the roots", "give them some shade", "use rain water"],
        mistakes: ["water the {o} [at high noon]", "wrap the {o} [in foil]"]),
      HouseholdTopic(
        task: "keep [weeds] away from the {o}", step: "spread [straw mulch] around the {o}",
        details: ["pull the young weeds first", "make it a hand thick", "leave the stems free"],
        mistakes: ["[feed the weeds] near the {o}", "[stamp on the ground] around the {o}"]),
      HouseholdTopic(
        task: "keep [birds] away from the {o}", step: "hang [shiny ribbons] above the {o}",
        details: ["let them move in the wind", "hang them a step apart", "move them now and then"],
        mistakes: ["leave [bread crumbs] between the {o}", "build [a bird house] beside the {o}"]),
      HouseholdTopic(
        task: "make the {o} [grow better]", step: "feed the {o} [with ripe compost]",
        details: ["dig it in lightly", "do it in spring", "water them well"],
        mistakes: ["cover the {o} [with gravel]", "[tug at] the {o} every day"]),
    ])

  static let repairs = TopicGroup(
    name: "repairs",
    objects: ["door", "drawer", "window", "gate", "cupboard", "hatch"],
    unsafeActs: [
      "stand on [a wobbly chair] and pull at the {o}",
      "hit the {o} with a hammer and [with your eyes closed]",
      "hold the nails for the {o} [between your teeth]",
      "fix the {o} [in the dark with a sharp knife]",
    ],
    topics: [
      HouseholdTopic(
        task: "stop the [squeak] of the {o}", step: "put [a drop of oil] on the hinge of the {o}",
        details: ["clean it first", "move it back and forth", "catch the drips with a rag"],
        mistakes: ["put [a bit of sand] on the hinge of the {o}", "[hum along] with the {o}"]),
      HouseholdTopic(
        task: "open the {o} when it [jams]", step: "rub [a plain candle] along the edge of the {o}",
        details: ["find the tight spot", "brush the dirt out", "try it after a dry day"],
        mistakes: ["[glue the edge] of the {o}", "pour [a bucket of water] over the {o}"]),
      HouseholdTopic(
        task: "stop the [rattle] of the {o}", step: "put [a felt pad] behind the {o}",
        details: ["clean the spot", "cut it to size", "press it on firmly"],
        mistakes: ["[hang bells] on the {o}", "shake the {o} [until it is quiet]"]),
      HouseholdTopic(
        task: "fix the [loose handle] of the {o}", step: "[tighten the screw] on the {o}",
        details: ["take the right screwdriver", "do not force it", "add a wooden match if it slips"],
        mistakes: ["[tie a balloon] to the {o}", "[take out the screw] of the {o}"]),
      HouseholdTopic(
        task: "stop the [cold draught] at the {o}", step: "press [a foam strip] around the {o}",
        details: ["measure the gap", "wipe the frame first", "check it with a feather"],
        mistakes: ["put [a fan] next to the {o}", "leave the {o} [wide open]"]),
      HouseholdTopic(
        task: "cover the [chipped paint] on the {o}", step: "brush [matching paint] on the {o}",
        details: ["sand the edges", "use a thin brush", "let it dry for a day"],
        mistakes: ["[peel more paint] off the {o}", "rub the {o} [with ketchup]"]),
    ])

  static let pets = TopicGroup(
    name: "pets",
    objects: ["cat", "dog", "puppy", "kitten", "rabbit", "hamster"],
    unsafeActs: [
      "chase the {o} [across the busy road]",
      "carry the {o} up [a wobbly ladder]",
      "let the {o} play [with sharp scissors]",
      "let the {o} sleep [on the warm stove]",
    ],
    topics: [
      HouseholdTopic(
        task: "calm the {o} when it fears [thunder]", step: "make [a quiet den] for the {o}",
        details: ["close the curtains", "put a soft rug inside", "stay near and speak softly"],
        mistakes: ["play [drum music] for the {o}", "[shout at] the {o}"]),
      HouseholdTopic(
        task: "amuse the {o} when it is [bored]", step: "hide treats [in a paper box] for the {o}",
        details: ["start with an easy one", "change the toys each week", "play for ten minutes"],
        mistakes: ["read [the tax law] to the {o}", "[take the toys] away from the {o}"]),
      HouseholdTopic(
        task: "get [knots] out of the fur of the {o}", step: "groom the {o} [with a wide comb]",
        details: ["begin at the tips", "hold the hair near the skin", "take a break often"],
        mistakes: ["put [hair gel] on the {o}", "[braid the fur] of the {o}"]),
      HouseholdTopic(
        task: "help the {o} to [drink more]", step: "give the {o} [a second water bowl]",
        details: ["place it far from the food", "change the water daily", "choose a wide one"],
        mistakes: ["feed the {o} [dry biscuits] only", "[hide the water] from the {o}"]),
      HouseholdTopic(
        task: "make the {o} like its [travel basket]", step: "feed the {o} [inside the open basket]",
        details: ["leave it out all week", "lay a known blanket in it", "close it only for a moment"],
        mistakes: ["push the {o} [into the basket]", "[rattle the basket] next to the {o}"]),
      HouseholdTopic(
        task: "keep the {o} cool on a [hot day]", step: "lay down [a damp towel] for the {o}",
        details: ["offer fresh water", "open a shady room", "go out in the evening"],
        mistakes: ["put [a wool coat] on the {o}", "[run a race] with the {o} at noon"]),
    ])

  static let storage = TopicGroup(
    name: "storage",
    objects: ["sweaters", "coats", "towels", "scarves", "hats", "quilts"],
    unsafeActs: [
      "stack the {o} [on the hot heater]",
      "pile the {o} [in front of the exit]",
      "stand on [a wobbly chair] with all the {o} in your arms",
      "[light a candle inside the closet] with the {o}",
    ],
    topics: [
      HouseholdTopic(
        task: "keep [moths] away from the {o}", step: "lay [cedar wood] between the {o}",
        details: ["wash them before", "sand it again each year", "use a tight box"],
        mistakes: ["leave [the light on] for the {o}", "lay [old wool] between the {o}"]),
      HouseholdTopic(
        task: "keep a [musty smell] out of the {o}", step: "tuck [lavender bags] between the {o}",
        details: ["air them on a dry day", "fold them fully dry", "squeeze the bags now and then"],
        mistakes: ["store the {o} [while they are wet]", "lay [ripe cheese] between the {o}"]),
      HouseholdTopic(
        task: "[save space] with the {o}", step: "[roll up] the {o}",
        details: ["fold them lengthwise first", "stand them in a row", "put the thick ones below"],
        mistakes: ["[buy twice as many] of the {o}", "[spread out] the {o} on the floor"]),
      HouseholdTopic(
        task: "keep [damp] away from the {o}", step: "put [a bag of chalk] next to the {o}",
        details: ["leave a gap to the wall", "check it each month", "choose a dry shelf"],
        mistakes: ["put [a bowl of water] next to the {o}", "keep the {o} [in the shower]"]),
      HouseholdTopic(
        task: "[find] the {o} more quickly", step: "put [a clear label] on the box of the {o}",
        details: ["write in large letters", "sort them by season", "keep one kind in each box"],
        mistakes: ["mix the {o} [with everything else]", "put the {o} [in unmarked sacks]"]),
      HouseholdTopic(
        task: "keep the {o} from [fading]", step: "cover the {o} [with an old sheet]",
        details: ["choose a dark corner", "turn them now and then", "wash them inside out"],
        mistakes: ["lay the {o} [behind a sunny pane]", "[bleach the] {o} a little"]),
    ])
}
