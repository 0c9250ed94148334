namespace Tensorlet.Tests.Book;

/// <summary>A phrase that readers have to read twice.</summary>
/// <param name="Phrase">A regular expression.</param>
/// <param name="Instead">What to write.</param>
/// <param name="Old">Words of this project in which the phrase occurred.</param>
/// <param name="Right">Right uses, which it must not find.</param>
public sealed record Word(string Phrase, string Instead, string Old, params string[] Right);

/// <summary>Phrases that must not occur in texts of this project, with what to write instead.</summary>
public static class Words
{
    public static Word[] All { get; } =
    [
        // gradients
        new(@"\b(gradient|jacobian|derivative)s? by (?!hand|\d|differences)", "the gradient with respect to x",
            "the gradient by u, which is linear in u, of ⟨uᵀ·J, v⟩", "layers with derivatives by hand"),
        new(@"\bgradients? of .{0,30}\bby (it|them|x|its|others)\b", "the gradient of y with respect to x",
            "The gradient of y by x; zeros where y does not depend on it.", "the gradient of x·w is computed by hand"),
        new(@"\banything by anything\b", "the gradient of anything with respect to anything",
            "The tape: whether it records, gradients of anything by anything, and the walk back."),
        new(@"\bdifferentiate by\b", "differentiate with respect to", "Grad: there are no inputs to differentiate by."),
        new(@"\bwalk(s|ed|ing)? (\w+ \w+ )?back\b", "the backward pass; goes through the record in reverse",
            "Walks back from some roots.", "an array is walked from its end"),
        new(@"\bthe walk\b", "the backward pass", "Record the walk itself, to differentiate the gradients.",
            "three layouts are walked together"),
        new(@"\bg(o|oes|one) through( the graph)? again\b", "is used again",
            "Keep what was saved, to go through the graph again."),
        new(@"\b(that|what|which) (comes|came) in\b", "the incoming gradient; the input",
            "The gradient that comes in is not used.", "a batch comes in"),

        // checking
        new(@"\bheld against\b", "compared with", "A slope that backward gives, and what it is held against."),
        new(@"\bcourses? of (optimizers|the loss)\b", "trajectories; the loss over time",
            "39 courses of optimizers with PyTorch's over up to 1,000 steps", "in the course of the training"),
        new(@"\bhostile\b", "malicious", "All readers take hostile files for granted."),
        new(@"\bby machine\b", "generated automatically", "3,017 wrong versions of the gradients, made by machine"),

        // learning
        new(@"\bforesee", "predict", "These letters are drawn at random, so nobody can foresee them."),
        new(@"\bby heart\b", "memorise", "a CNN, 1,000 images of CIFAR-10 by heart"),
        new(@"\bstandardis(?!ing a table)", "normalize", "Each channel of (N, C, …) standardised over all",
            "the exercise Standardising a table"),
        new(@"\bstandardised first\b", "pre-norm", "sum standardised (Vaswani et al. 2017), or standardised first"),
        new(@"\bgathers statistics\b|\bgathered in the running\b|\bare gathered\b", "update; accumulate",
            "mean and (unbiased) variance are gathered in the running ones", "dx = dy gathered at the indices"),
        new(@"\bwith deviation\b", "with standard deviation", "Normal with deviation gain·√(2/(in + out))",
            "with standard deviation gain/√fan"),
        new(@"\bdrawn? (at random|from|by|without|numbers|on the host)\b|\bdraws? random\b|\bnumbers drawn\b",
            "random, sampled or generated", "random numbers are drawn from where each generator stood",
            "a picture is drawn", "draws the graph of a variable"),
        new(@"\ball chance\b|\border and chance\b", "random numbers", "All chance is taken from",
            "a chance to stop"),
        new(@"\btaken (in\b|for another\b)", "added; predicted as", "Nothing has been taken in."),

        // tensors and devices
        new(@"\btruth values?\b", "Booleans", "Truth values are counted."),
        new(@"\bwhole numbers?\b(?! n =)", "integers", "The nearest whole number; of two as near, the even one."),
        new(@"\bcut to (low|the bounds|±|0|a whole)", "clamped to",
            "x cut to low … high; the gradient at the bounds is 0."),
        new(@"\b(another|other|its own|at every|this|given|each|several|random|all samples and) places?\b(?! of)",
            "position, point or index", "An axis brought to another place; the others keep their order.",
            "a mean in place of a sum", "a unit in the last place", "the place of an error in a file"),
        new(@"\bplace in (the|its|an) (epoch|image|sequence|order|graph|tensor)", "position",
            "its seed, the epoch and the sample's place in the epoch alone"),
        new(@"\bin the places? of\b", "in place of, or: instead of", "with relu in the place of tanh",
            "with relu in place of tanh"),
        new(@"\b(take|takes|took) the place\b|\btakes the other's place\b", "replaces",
            "what it gives, if anything, takes the place of the input"),
        new(@"\bbrought to (one|their|mean|its|another|e)\b|\bbring one to\b|\bbring them to\b",
            "converted to; moved to; normalized to", "Two operands brought to one type and one shape."),
        new(@"\btaken apart\b", "split", "An axis taken apart into several, one size of which may be −1."),
        new(@"\bturned (round|by|element|together)\b", "rotated; transposed; with the other sign",
            "an operand or a result whose columns lie apart is turned element by element", "it returned by itself"),
        new(@"\b(lie|lies) (ready|side by side|apart|densely|anyhow|so that|in order)\b",
            "contiguous; can be read in place", "A row: at once if every operand lies ready."),
        new(@"(?<!called |\*|/)\bverbs?\b(?![.}*])", "primitives", "The definition of every verb, in plain loops",
            "a few primitives (called verbs)", "a primitive of a device (a *verb*)"),
        new(@"\bfloors\b", "layers, or levels", "Five floors, each importing only those below it."),
        new(@"(?<!there )\b(is|are) no (scalar|matrix|vector|class|number|probability|leaf|text|image|pairs)\b",
            "is not a …", "a 0-d operand is no matrix; use *", "there is no class of this name"),
        new(@"\b(type|shape) \{\} is none\b|\bis none of\b|^(it )?is none\.?$", "is not one of; is not a",
            "type {} is none", "null if there is none"),
        new(@"\bof nothing\b", "of an empty tensor", "NaN of nothing, and where there is one."),

        // files and processes
        new(@"\b(is|are) there whole\b|\bwhole or not at all\b", "either the old or the new file is complete",
            "At any moment the old or the new file is there whole.", "the whole file is there"),
        new(@"\bmemory is taken\b", "memory is allocated",
            "Shape and length of the file are compared before memory is taken."),
        new(@"\blet(s|ting)? go of\b", "release", "Share less, let go of what is shared, or make more room."),
        new(@"\btravels?\b", "is sent", "A tensor that is shared travels as its name."),
        new(@"\bhand(s|ed)? on\b|\bhanded (to|out)\b(?! a pointer)", "pass on; return",
            "The function that a gradient for this variable is handed to.", "teachers hand out copies"),
        new(@"\bput together\b", "composed; combined", "that one is put together from five operations"),
        new(@"\bwhat is loaded\b", "the loaded state", "'{}' has shape {} here, {} in what is loaded."),
        new(@"\btakes? (a|the) (state|file) over\b|\btaking over\b", "loads",
            "Takes a file over that"),

        // English
        new(@"\bone's own\b", "your own", "A function of one's own derives from this."),
        new(@"\banew\b", "again", "Starts the default generator anew."),
        new(@"\bwhich is told\b|\btold (dy|by|the gradient)\b|\berrors tell\b|\bcolumn are told\b|\btells (the|its)\b",
            "is given; reports; says", "the adjoint, which is told dy and x's shape", "what tells them apart"),
        new(@"\bso many\b(?! that)", "a number of; as many as needed", "There are not so many.",
            "so many that it is slow"),
        new(@"\bcomes twice\b", "occurs twice", "There are none, one comes twice, or one is no leaf"),
        new(@"\bnobody (disposes|can reach|knows|has needed|holds)\b", "a passive: need not be disposed",
            "Nobody disposes a tensor.", "nobody waits for a driver"),
        new(@"\bif anything, takes?\b|\bwhat it gives\b", "if it returns a value, that replaces …",
            "What it gives, if anything, takes the gradient's place."),
        new(@"\bhas not (\{\}|as many|so)", "does not have", "TopK: axis {} of shape {} has not {} elements."),
        new(@"\bborne\b", "tolerated", "How many calls without progress are borne."),
        new(@"\boneself\b", "exclusively", "A file that can be had for oneself alone has no writer."),
        new(@"\bpassed over\b", "skipped", "Empty lines are passed over."),
        new(@"\blast word\b|\bwithout a word\b", "takes precedence; independently",
            "The innermost module has the last word, the user's own too."),
        new(@"\bsum to\b", "add up to", "A fraction is negative, or they do not sum to 1."),
        new(@"\bstands (ready|in a network|together)\b|\bwhat stands (before|behind|between|for)\b", "is",
            "the end of a run is turned together with what stands before it", "S stands for the sizes of the axes"),
    ];
}
