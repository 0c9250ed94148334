using System.Reflection;
using Tensorlet;

namespace Tutorials;

/// <summary>
/// The functions of PyTorch that exist here, by PyTorch's names. Here they have the same names in the spelling of
/// C#, so each function is found by its letters alone.
/// </summary>
static class Names
{
    const string Torch = """
        abs acos add addcdiv addcmul addmm all allclose amax amin any arange argmax argmin argsort
        asin atan atan2 baddbmm bernoulli bmm cat ceil celu chunk clamp clone cos cosh
        count_nonzero cummax cumprod cumsum det diag diagonal div dot einsum empty empty_like eq
        equal erf erfinv exp exp2 expm1 eye flatten flip floor floor_divide fmod frac full
        full_like gather hardshrink index_add index_copy index_fill index_select inverse isclose
        isfinite isinf isnan lerp linspace log log10 log1p log2 log_softmax logspace logsumexp
        manual_seed masked_scatter masked_select matmul max maximum mean median meshgrid min minimum mm
        movedim mul multinomial mv narrow ne nonzero norm normal ones ones_like outer permute pow
        prelu prod quantile rand rand_like randint randn randn_like randperm reciprocal relu remainder
        repeat_interleave reshape roll round rsqrt scatter scatter_add select selu sigmoid sign sin sinh softmax
        sort split sqrt square squeeze stack std sub sum take tan tanh tensordot tile topk trace
        transpose tril triu trunc unbind unflatten unique unsqueeze var where zeros zeros_like
        """;

    const string Matrices = "cholesky det eigh inv norm qr slogdet solve svd";

    const string OfTensors = """
        abs_ add_ addcdiv_ addcmul_ backward bool clamp_ contiguous copy_ cpu cuda detach dim div_ double exp_
        expand expand_as fill_ float ge gt index_add_ is_contiguous item le lerp_ log_ long lt masked_fill
        masked_fill_ mul_ neg_ new_full new_ones new_zeros normal_ numel pow_ register_hook relu_ repeat
        requires_grad_ retain_grad scatter_ scatter_add_ size sqrt_ sub_ t to unfold uniform_ view view_as zero_
        """;

    const string Functional = """
        adaptive_avg_pool2d adaptive_max_pool2d avg_pool1d avg_pool2d avg_pool3d batch_norm bilinear
        binary_cross_entropy binary_cross_entropy_with_logits celu conv1d conv2d conv3d conv_transpose1d
        conv_transpose2d conv_transpose3d cosine_embedding_loss cosine_similarity cross_entropy ctc_loss
        dropout dropout2d elu embedding embedding_bag fold gaussian_nll_loss gelu glu group_norm hardshrink
        hardsigmoid hardswish hardtanh hinge_embedding_loss huber_loss instance_norm interpolate kl_div
        l1_loss layer_norm leaky_relu linear log_softmax logsigmoid margin_ranking_loss max_pool1d
        max_pool2d max_pool2d_with_indices max_pool3d mish mse_loss nll_loss normalize one_hot pad
        pairwise_distance pixel_shuffle pixel_unshuffle poisson_nll_loss prelu relu relu6 rms_norm
        scaled_dot_product_attention selu sigmoid silu smooth_l1_loss softmax softplus softshrink softsign
        tanh tanhshrink threshold triplet_margin_loss unfold
        """;

    /// <summary>Public methods that PyTorch lacks, has as an operator or an index, or has by another name.</summary>
    public static readonly HashSet<string> Own = ["Apply", "Causal", "Contract", "Equals", "From", "GetHashCode", "Map",
        "Over", "Reduce", "Scalar", "Scan", "Slice", "ToArray", "ToString", "Windows", "Zip", "Zip_"];

    static readonly (string Prefix, string Names, Type[] Types)[] groups =
    [
        ("torch.", Torch, [typeof(Variable), typeof(Tensor)]), ("torch.linalg.", Matrices, [typeof(Linalg)]),
        ("Tensor.", OfTensors, [typeof(Variable), typeof(Tensor), typeof(Methods)]), ("F.", Functional, [typeof(F)]),
    ];

    /// <summary>The table that the dictionary shows, with a row for each function.</summary>
    /// <exception cref="InvalidOperationException">A function of the list does not exist here.</exception>
    public static string Table() => string.Join('\n', ["| PyTorch | Tensorlet |", "| --- | --- |",
        .. Rows().Select(row => $"| {row.PyTorch} | {row.Here} |")]);

    /// <summary>PyTorch's name of each function, and the name here.</summary>
    public static IEnumerable<(string PyTorch, string Here, string Method)> Rows() =>
        from g in groups
        from name in g.Names.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)
        let found = g.Types.SelectMany(MethodsOf).Where(m => Letters(m.Name) == Letters(name)).ToArray()
        let method = found.Length > 0 ? found.OrderBy(IsFunction).First()
            : throw new InvalidOperationException($"{g.Prefix}{name} is not in {string.Join<Type>(" or ", g.Types)}.")
        let of = IsFunction(method) ? method.DeclaringType!.Name : "x"
        select (g.Prefix + name, $"{of}.{method.Name}", method.Name);

    static bool IsFunction(MethodInfo method) =>
        method.IsStatic && !method.IsDefined(typeof(System.Runtime.CompilerServices.ExtensionAttribute));

    static MethodInfo[] MethodsOf(Type type) => type.GetMethods(BindingFlags.Public | BindingFlags.Instance
        | BindingFlags.Static | BindingFlags.DeclaredOnly);

    static string Letters(string name) => name.EndsWith('_') ? Letters(name[..^1]) + "_"
        : name.Replace("_", "").ToLowerInvariant();
}
