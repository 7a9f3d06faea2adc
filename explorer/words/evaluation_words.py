"""How to read the figures about how good a model is."""

CONFUSION = (
    "A row is what the pictures are, a column what the model answers; on the diagonal it is right. "
    "Shading is the share of the row: right answers in one colour, mistakes in the other, darker "
    "up to the most frequent one. Click a cell to see its pictures. The answer is the class with "
    "the largest logit. The article's own report rounds the logits to whole numbers first, so that "
    "classes tie and the lower one wins; nothing is rounded here. A matrix of a few hundred "
    "pictures is rough: a cell with 3 could as well hold 1 or 6."
)
CLASSES = (
    "**Precision**: of the pictures answered so, the share that is so. **Recall**: of the pictures "
    "that are so, the share answered so. **F1** is their harmonic mean, low where either is low. "
    "**Support**: how many pictures there are. A model that answers one class for everything has "
    "full recall there and a precision of a tenth."
)
CALIBRATION = (
    "Pictures are sorted by the probability that the model gives its answer, into 15 bins of equal "
    "width. A bar is the share that is right, the dash above or below it how sure the model was: "
    "where the bar ends below the dotted line, it is too sure of itself. Below: how many pictures "
    "each bin holds. The **calibration error** is the gap of dash and bar, averaged over pictures; "
    "with few pictures in a bin chance alone opens a gap."
)
COST = (
    "Measured once on all 10,000 test photographs, as the model cards have it. Above: the share "
    "that is right. Below, on a logarithmic axis: operations of one picture's forward pass, each "
    "multiplication and each addition counted, matrix products only. Half the patch size gives "
    "four times the tokens, and attention alone sixteen times the pairs. A model trained at one "
    "patch size has its kernel and positions resized for the others, and falls there; one that "
    "met all of them in training falls less. In the formula N is the number of patches, P the "
    "patch size, C the number of classes, M the width of the MLP's hidden layer, T the tokens, D "
    "their width, H heads of d numbers, L the blocks."
)
GALLERY = (
    "Click a picture to choose it: every page then shows it, and Attention where the model looked."
)
NOT_AMONG_THEM = (
    "{} is not in this chart: it was not counted at several patch sizes on CIFAR-10, as the models "
    "that come with the app were."
)
CARD = (
    "These figures were made when the model was, and are kept in its card. Curves: solid for the "
    "pictures trained on, dashed for those held back, which it never learned from. Training is "
    "measured on pictures as they are learned from, changed at random and in some recipes with "
    "drawings among them, and its loss counts against softened targets where the recipe softens "
    "them: so each curve tells how learning went, but their gap not how much was learned by heart. "
    "Matrix: a row is what the test pictures are, a column what the model answers; right answers "
    "are shaded in one colour by their share of the row, mistakes in the other, up to the most "
    "frequent one. The answer is the class with the largest logit, not rounded, other than in the "
    "article's report. The Evaluate page counts anew, at any patch size."
)

F1 = r"F_1=\frac{2\,P\,R}{P+R}"
CALIBRATION_ERROR = (
    r"\begin{aligned}\mathrm{ECE}&=\sum_{m=1}^{M}\frac{|B_m|}{n}\,g_m\\"
    r"g_m&=|\mathrm{acc}_m-\mathrm{conf}_m|\end{aligned}"
)
OPERATIONS = (
    r"\begin{aligned}\mathrm{FLOPs}=2\bigl(&3NP^2D+DC\\"
    r"&+L\,(4THdD+2T^2Hd+2TDM)\bigr)\end{aligned}"
)
