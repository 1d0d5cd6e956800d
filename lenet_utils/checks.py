"""Self-checks: the reader predicts first, then asks."""

from math import isclose

# question: (answer, why it is right, [(a tempting wrong answer, what went wrong)]). [lowest, highest] is a range.
QUESTIONS = {
    "shape of C1": (
        (6, 26, 26),
        "Six maps, and 32 − 7 + 1 = 26 positions in each direction.",
        [
            ((26, 26, 6), "The sizes are right, but PyTorch puts the number of maps first."),
            ((26, 26), "The size of a map is right. And how many maps are there?"),
            ((6, 25, 25), "Nearly: 32 − 7 positions, plus the very first one."),
            ((6, 32, 32), "That would need a border: a kernel cannot be centred on the outermost pixels."),
            ((6, 28, 28), "That is C1 as it is, with 5×5. Here the kernels are 7×7."),
            ((1, 26, 26), "The size is right, but there are six kernels."),
        ],
    ),
    "parameters of C3": (
        3216,
        "16 kernels of 8·5·5 = 200 weights, and 16 biases: 16 · 201 = 3,216.",
        [
            (3200, "Those are the weights. Each of the 16 maps has a bias too."),
            (416, "16 · (5·5 + 1): but each kernel has a slice for each of the eight maps of S2."),
            (3328, "One bias for each slice is too many: a map has one bias, whatever it looks at."),
            (2416, "That is C3 as it is, with six maps in S2. Here there are eight."),
        ],
    ),
    "field of S4": (
        16,
        "r = 14 + (2 − 1) · 2 = 16: neighbouring units of C3 lie two pixels apart.",
        [
            (15, "Neighbouring units of C3 are not one pixel apart: each pooling doubles the step."),
            (28, "S4's kernel of 2 adds one step to the field. It does not double it."),
            (18, "The step before S4 is 2 pixels. It becomes 4 only behind it."),
        ],
    ),
    "untrained loss": (
        [2.2, 2.45],
        "Ten nearly equal probabilities: −ln(1/10) = ln 10 = 2.303.",
        [
            ([0.09, 0.11], "That is the probability. The loss is minus its natural logarithm."),
            ([0.89, 0.91], "That is 1 minus the probability. The loss is minus its natural logarithm."),
            ([0.99, 1.01], "That is the logarithm to base 10. The loss takes the natural one."),
            ([-2.45, -2.2], "Mind the sign: the loss is minus the logarithm of a number below 1."),
        ],
    ),
    "gradient of the right logit": (
        [-0.77, -0.75],
        "p − y = 0.242 − 1. It is negative: the loss falls when this logit grows.",
        [
            (0.6590, "That is the gradient of class 0, which the network preferred. Which class is right?"),
            (0.2424, "That is p. What should have been said, 1, is still to be subtracted."),
            (0.7576, "The size is right. Now the sign: should this logit grow or shrink?"),
            (-0.2424, "That is −p. The gradient is p − y, and the right class has y = 1."),
        ],
    ),
    "images in the last batch": (
        32,
        "937 batches of 64 hold 59,968 images. The remaining 32 make batch number 938.",
        [
            (64, "60,000 is not a multiple of 64: the last batch is smaller."),
            (0.5, "That is the fraction of a batch. How many images is it?"),
            (0, "60,000 is not a multiple of 64: what remains makes one more batch."),
            (938, "That is the number of batches. How many images does the last one have?"),
        ],
    ),
    "mistakes on shuffled pixels": (
        [3.0, 5.5],
        "About four times as many: most of LeNet-5's lead over the fully connected network is gone.",
        [
            ([0.9, 1.3], "That holds for the other two networks. LeNet-5 counts on neighbours, and they are gone."),
            ([1.3, 2.9], "It is worse than that: its windows of 5×5 now hold pixels from all over the image."),
            ([5.6, 1000.0], "Not that bad: C5, F6 and the output still see everything, neighbours or not."),
        ],
    ),
    "slope of the sigmoid": (
        0.25,
        "σ(0) = 1/2, and the slope there is 1/2 · (1 − 1/2) = 1/4. Everywhere else it is flatter.",
        [
            (0.5, "That is the sigmoid's value at 0. Put it into the formula for the slope."),
            (1, "That is the slope of tanh at 0. The sigmoid rises half as high over twice the width."),
            (0, "It is flat far away from 0, where the sigmoid is nearly 0 or nearly 1."),
        ],
    ),
    "parameters of the merged layer": (
        4010,
        "10 · (400 + 1): a weight for each pair of input and output, and ten biases.",
        [
            (4000, "Those are the weights. Each of the ten outputs has a bias too."),
            (59134, "That is what the three layers have. The question is what one layer would need."),
            (4400, "Nearly: a bias for each output, not for each input."),
        ],
    ),
    "a mirrored 2": (
        5,
        "And a mirrored 5 looks like a 2. The network would be taught that one shape is both.",
        [
            (2, "Hold a handwritten 2 before a mirror: its foot points to the left, its bow opens to the right."),
            (7, "A mirrored 7 is nothing. Here the foot remains, and the bow opens to the right."),
            (3, "Both bows of a 3 open to the left. The bow of a mirrored 2 opens to the right."),
        ],
    ),
    "C5 for larger images": (
        69240,
        "S4's maps are 6×6 now, so each of the 120 maps sees 16·6·6 = 576 values: 120 · 577.",
        [
            (69120, "Those are the weights. Each of the 120 maps has a bias too."),
            (48120, "That is C5 as it is, on maps of 5×5. Here S4's maps are 6×6."),
            (4440, "120 · (6·6 + 1): but each kernel has a slice for each of the 16 maps of S4."),
        ],
    ),
    "bytes of training with Adam": (
        987296,
        "Four numbers for each parameter: itself, its gradient, two means. 61,706 · 4 · 4 bytes.",
        [
            (246824, "Those are the parameters alone."),
            (246.824, "Those are the parameters alone, and in thousands of bytes."),
            (740472, "One part is missing: parameters, gradients, and *two* means."),
            (493648, "Those are parameters and gradients, or Adam's means. All four parts are asked for."),
        ],
    ),
    "slices of a C3 kernel": (
        6,
        "One for each map of S2. Their six results are added up to one map of C3.",
        [
            (1, "Then a map of C3 could look at one map of S2 only."),
            (16, "That is the number of C3's maps. How many maps does each of them look at?"),
            (96, "That is all of C3: 16 kernels of 6 slices each."),
        ],
    ),
    "connections of S2": (
        5880,
        "6·14·14 = 1,176 units, each with four inputs and a bias: 1,176 · 5.",
        [
            (4704, "Those are the four inputs of each unit. The bias counts as a connection too."),
            (30, "Five for each map. But each of a map's 14·14 units has its own five connections."),
            (12, "Those are the parameters: two for each map. Every unit has its own connections."),
            (1176, "Those are the units. Each has four inputs and a bias."),
        ],
    ),
    "kernels of C3": (
        60,
        "Six maps with 3 kernels, nine with 4, one with 6: 18 + 36 + 6 = 60.",
        [
            (96, "That would be 16 maps that all see six. Count the crosses of Table I."),
            (16, "That is the number of maps. Each has a kernel for every map of S2 that it sees."),
            (1500, "Those are the weights: 25 for each kernel."),
            (1516, "Those are the parameters, 25 for each kernel and a bias for each map."),
        ],
    ),
    "windows in a wide image": (
        18,
        "The first begins at column 0, the last at column 68: 0, 4, 8 … 68 are 68/4 + 1 = 18 places.",
        [
            (17, "That is the number of moves. The window stands somewhere before the first one."),
            (25, "The last windows would reach beyond the image: it ends 32 columns after a window's beginning."),
            (3, "That is how many fit without covering each other. They move by 4 columns only."),
            (69, "That many fit if the window moves by one column each time."),
        ],
    ),
    "paths that read 7": (
        6,
        "7__, _7_, __7, 77_, _77, 777. The other two of the eight: ___ reads as nothing, and 7_7 as 77.",
        [
            (8, "Those are all paths. Which of them read as nothing, and which as 77?"),
            (7, "One of these reads as 77: the blank keeps two sevens apart."),
            (3, "Those with one 7. Repeats are merged, so a 7 may be longer."),
        ],
    ),
    "positions for 11": (
        3,
        "1, blank, 1. Without the blank the two are merged into one.",
        [
            (2, "Two ones that follow each other at once are merged: 11 reads as 1."),
            (5, "It may be longer. Are blanks needed before the first and after the last?"),
        ],
    ),
    "turn of the sample 7": (
        [28, 36],
        "About 30 degrees, a third of a right angle. Then it is a 2 to the network, by 40 degrees for certain.",
        [
            ([1, 27], "There it is still read as a 7. Turn on."),
            ([37, 179], "It has been read as something else for a while by then. Where does the answer change first?"),
            (180, "Upside down? It changes long before. Watch which bar grows while that of the 7 shrinks."),
        ],
    ),
    "S4 after a shift by 4 pixels": (
        1,
        "Two poolings, each halves the distance: 4 pixels, 2 in S2, 1 in S4.",
        [
            (4, "The poolings come before it: what is one unit away in S4 is further away in the image."),
            (2, "So far do S2's maps move. S4's are coarser still."),
            (0, "A pooling makes a shift smaller, it does not remove it."),
        ],
    ),
}


def check(question, prediction=...):
    """Say whether ``prediction`` answers ``question`` (a key of ``QUESTIONS``), and why."""
    if question not in QUESTIONS:
        raise ValueError(f"unknown question {question!r}; there are {', '.join(QUESTIONS)}")
    answer, why, mistakes = QUESTIONS[question]
    if prediction is ...:
        print("Make your prediction first: put it in place of the three dots, then run the cell again.")
    elif is_right(prediction, answer):
        print(f"Right. {why}")
    else:
        hint = next((text for wrong, text in mistakes if is_right(prediction, wrong)), "Have another look.")
        print(f"Not {prediction}. {hint}")


def is_right(prediction, answer):
    """Compare whole numbers and tuples exactly, floats within 1 %, and a number with a range [lowest, highest]."""
    if isinstance(prediction, bool):  # Python takes True for 1
        return False
    if isinstance(answer, list):
        return isinstance(prediction, (int, float)) and answer[0] <= prediction <= answer[1]
    if isinstance(answer, float):
        return isinstance(prediction, (int, float)) and isclose(prediction, answer, rel_tol=0.01)
    if isinstance(answer, str):
        return isinstance(prediction, str) and prediction.casefold() == answer.casefold()
    if isinstance(prediction, list):
        prediction = tuple(prediction)
    return prediction == answer
