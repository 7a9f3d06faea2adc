"""How to read the figures of the panels below the lens."""

UNCHANGED = "Of the unchanged model: what is off, erased or moved above is left out here."
CHANGED = "With what is switched off, erased or moved above."

MAPS = (
    "A bright square is a patch that the map calls important; each map is stretched from its own "
    "lowest to its highest value; occlusion has two colours, blue where the "
    "class gains by what is erased. **Raw attention**: where the class token looks in the last "
    "block, or all patches on average in a model without one, mean of the heads. **Rollout**: "
    "attention multiplied through all blocks, each row made to sum to 1 again. Both are **the "
    "same for every class**, so they cannot say why it is one and not another. **Relevance**: "
    "attention weighted by how the class depends on it. **Occlusion**: how "
    "far the class's logit falls when the patch is erased. Attention is not an explanation, so "
    "each map is tested: patches are replaced by the data's mean colour, the most important first "
    "(**deletion**), or added to an empty picture (**insertion**); the curve is the probability of "
    "the class, the number the area under it. Small is good for deletion, large for insertion; "
    "dashed is random order. Move along a curve to see what the model was shown. Occlusion is "
    "made by the same erasing as the test, which favours it. One random order and its reverse "
    "are one draw: a difference of a few hundredths says little. The model never learned grey "
    "squares: what falls may fall because of them."
)
MAPS_FORMULA = (
    r"\begin{aligned}\text{rollout: }&R=\prod_{l=L}^{1}\operatorname{rows}(A_l+I)\\"
    r"\text{relevance: }&R\leftarrow R+\overline{\operatorname{ReLU}"
    r"\!\left(A\circ\tfrac{\partial y_c}{\partial A}\right)}\,R\end{aligned}"
)
MAPS_SOURCE = (
    "Rollout: Abnar & Zuidema (2020), section 3. Relevance: Chefer et al. (2021), section 3.1. "
    "Occlusion: Zeiler & Fergus (2014), section 4.2. Curves: Petsiuk et al. (2018), section 4.3."
)
HEADS = (
    "Each bar is the change of one class's probability, in percentage points, when the output of "
    "that head is set to zero: to the left, the head had spoken for the class, to the right, "
    "against it. On the left this picture and its answer, on the right the right class of test "
    "pictures, mean of all. Click a bar to switch that head off in the lens, and again to switch "
    "it on. The bars are always of the whole model with one head off, whatever is switched off "
    "above. Heads stand in for each other: one that changes nothing alone may matter where another "
    "is off, so the bars do not add up. The model never learned to do without a head."
)
HEADS_FORMULA = r"\Delta_{lh}=p_c(x\mid \text{head } l,h \text{ off})-p_c(x)"
HEADS_SOURCE = "Michel et al., Are Sixteen Heads Really Better than One? (2019), section 3.2."
STOPPED = (
    "The model's own last norm and head are put after the embedding and after each block, as if "
    "the rest were not there. The head was trained for the last block only: an early answer that "
    "is wrong may mean that it does not fit yet, not that nothing is known."
)
STOPPED_FORMULA = r"p^{(l)}=\operatorname{softmax}\bigl(W\,\mathrm{LN}(z^{(l)})+b\bigr)"
STOPPED_SOURCE = (
    "nostalgebraist, interpreting GPT: the logit lens (2020); for pictures as here with the "
    "model's own pooling."
)
BY_PATCH = (
    "The same for each patch alone: the class it would answer after each block. A small picture "
    "is one block; point at it to see it large. Two classes are coloured, the others written. "
    "After the first block a token holds more than its own patch: attention has mixed them, so a "
    "patch of sky can answer airplane because it has looked at the wings."
)
BY_PATCH_CLASS = (
    " This model answers from its class token: what a patch would say takes no part in the answer."
)
VOTES = (
    "This model's head is linear and it answers from the mean of its patches, so each patch has a "
    "vote: the head on that patch alone. **The logits are exactly the mean of the votes**, nothing "
    "is left out and nothing approximated. A patch in a class's colour speaks for it, a grey one "
    "against it; the third map is the difference of the first two, in the colour of the class that "
    "leads there, and its mean is by how much one class leads the other. It says "
    "where the answer is written down, not where in the picture it came from: blocks have moved "
    "what they found between patches."
)
VOTES_FORMULA = r"y=\frac1N\sum_{i=1}^{N}\bigl(W\,\mathrm{LN}(z_i)+b\bigr)"
VOTES_SOURCE = "Exact for a linear head on mean pooling; follows from the linearity of the mean."
NORMS = (
    "A circle is one patch's token, from left to right in reading order, its height the token's "
    "Euclidean length in the residual stream; the line is the median, diamonds are the class token "
    "and registers. A large mark is more than three times as long as the median patch of the same "
    "place. Large models keep notes about the whole picture in such patches; small ones seldom do. "
    "Every block adds to the tokens, so they grow; the next norm divides that out again."
)
NORMS_FORMULA = (
    r"\lVert z_i^{(l)}\rVert_2,\qquad\text{marked where it exceeds } 3\times\text{median}"
)
NORMS_SOURCE = "Darcet et al., Vision Transformers Need Registers (2024), section 2.1."
NUMBERS = {
    "distance": (
        "For each patch, the distance in pixels to every patch, weighted by its attention; then "
        "the mean over patches. A low circle is a head that looks at its surroundings, one near "
        "the dotted line a head that spreads its attention evenly. The axis need not begin at 0. "
        "What goes to a class token is left out and the rest divided by its sum. A mean hides its "
        "parts: a head may look near for some patches and far for others.",
        r"\bar d=\frac1N\sum_i\sum_j A_{ij}\,\lVert \mathbf p_i-\mathbf p_j\rVert",
        "Dosovitskiy et al., An Image is Worth 16x16 Words (2021), figure 7, right.",
        ("vitcore/introspection/distance.py", "attention_distance"),
    ),
    "distance_in_paper": (
        "As the authors compute their figure: the class token's row and column are dropped, but "
        "the rest of a row is not divided by its sum. A head with 39 % on the class token then "
        "reads 10.2 pixels instead of 16.6: it seems to look less far than it does.",
        r"\bar d=\frac1N\sum_i\sum_{j\ge1} A_{ij}\,\lVert \mathbf p_i-\mathbf p_j\rVert,\quad"
        r"\sum_{j\ge1}A_{ij}<1",
        "google-research/vision_transformer, issue 162.",
        ("vitcore/introspection/distance.py", "attention_distance"),
    ),
    "entropy": (
        "How spread out a head's attention is: 0 bits where each patch looks at one token, the "
        "dotted line where it looks at all alike; one bit less means half as many tokens. It does "
        "not say where a head looks, and a spread-out head may still matter.",
        r"H=-\frac1N\sum_i\sum_j A_{ij}\log_2 A_{ij}\;\le\;\log_2 T",
        "Shannon, A Mathematical Theory of Communication (1948), section 6.",
        ("vitcore/introspection/attention_numbers.py", "attention_entropy"),
    ),
    "prefix_mass": (
        "The share of the patches' attention that goes to the tokens before them: the class token "
        "and registers. The dotted line is an even spread. Much of it is often a place to look "
        "when there is nothing to look for.",
        r"\frac1N\sum_i\sum_{j<\mathrm{prefix}}A_{ij}",
        "Counted from the attention itself.",
        ("vitcore/introspection/attention_numbers.py", "prefix_mass"),
    ),
    "query_dependence": (
        "How much a head's map changes with the patch that looks: the mean distance of a patch's "
        "row from the mean row. At 0 all patches look at the same things, and the map under the "
        "pointer never changes; the dotted line is a head where each patch looks at a token of "
        "its own.",
        r"\frac1N\sum_i\tfrac12\sum_j\lvert A_{ij}-\bar A_j\rvert\;\le\;1-\tfrac1N",
        "Total variation: Levin & Peres, Markov Chains and Mixing Times (2017), proposition 4.2.",
        ("vitcore/introspection/attention_numbers.py", "query_dependence"),
    ),
    "on_object": (
        "How many times as much of a head's attention lies on the object as of an even spread, "
        "which is the dotted line at 1. A sketch knows its object's mask; patches count by the "
        "share that it covers. Below 1 a head looks at the surroundings. Looking at the object is "
        "not the same as using it.",
        r"\frac{\sum_j a_j\,m_j}{\frac1N\sum_j m_j},\qquad a=\text{the head's pooled map}",
        "Share of attention over share of area, as in pointing-game measures.",
        ("vitcore/introspection/attention_numbers.py", "object_attention", "mask_by_patch"),
    ),
}
