namespace Tensorlet;

public sealed partial class Tensor
{
    /// <summary>
    /// Gives this tensor another shape. If this tensor is contiguous and has at least as many elements as the new
    /// shape, its memory is kept; otherwise, new memory is allocated.
    /// </summary>
    Tensor Resize(int[] shape)
    {
        if (Shape == shape) return this;
        var layout = Layout.Contiguous(shape);
        if (IsContiguous && layout.Count <= Numel) layout = new Layout(layout.shape, layout.strides, Layout.Offset);
        else Storage = Device.Allocate(DType, layout.Count);
        Layout = layout;
        return this;
    }

    /// <summary>
    /// Returns a copy of this tensor if writing to <paramref name="y"/>, element by element, could overwrite elements
    /// of this tensor that are still to be read. Otherwise, this tensor itself is returned.
    /// </summary>
    Tensor Beside(Tensor y) => Storage != y.Storage || Layout.SamePlaces(y.Layout) ? this : Clone();

    Tensor InPlace<F>(F f, Tensor other, string operation) where F : struct, IZip
    {
        other = other.Given().As(this);
        SameDevice(operation, other).Taking(operation, other.DType);
        other = Fitting(operation, other);
        Writing(operation);
        Device.Zip(f, this, other.Beside(this).To(DType), this);
        return this;
    }

    /// <summary>Broadcasts another tensor to the shape of this tensor, which cannot change.</summary>
    Tensor Fitting(string operation, Tensor other) => other.Layout.Expand(Layout.shape) is { } layout
        ? other.With(layout) : throw new ShapeException(
            $"{operation}: shape {other.Layout} does not broadcast to {Layout}, which cannot grow in place.");

    /// <summary>Replaces the elements of this tensor with the elements of a result.</summary>
    Tensor InPlace(Func<Tensor> compute, [CallerMemberName] string operation = "") => Named(() =>
    {
        var result = Fitting(operation, compute());
        Taking(operation, result.DType).Writing(operation);
        Device.Copy(result, this);
        return this;
    }, operation);

    /// <summary>Computes this = a·this + b for two numbers a and b, in place.</summary>
    Tensor InPlace(Number a, Number b, string operation) =>
        Taking(operation, TypeOf(a, b)).Affine(a, b, Writing(operation));

    /// <summary>
    /// Refuses to write floating-point numbers into integers, or integers into Booleans. A write may only lose
    /// precision.
    /// </summary>
    Tensor Taking(string operation, DType type) => type <= DType || DType.IsFloat() ? this : throw new DTypeException(
        $"{operation}: a {type} cannot be written into {DType} of shape {Layout}. Convert it: .To(DType.{type}).");

    /// <summary>Adds alpha · other to this tensor, in place. If alpha is not given, it is 1.</summary>
    public Tensor Add_(Tensor other, Number? alpha = null) =>
        alpha is not { } scale ? InPlace(new AddFormula(), other, "Add_")
            : !DType.IsFloat() ? InPlace(new AddFormula(), other * scale, "Add_")
            : InPlace(new AddScaledFormula(scale.value), other, "Add_");
    /// <summary>Subtracts another tensor from this tensor, in place.</summary>
    public Tensor Sub_(Tensor other) => NoMask("Sub_").InPlace(new SubtractFormula(), other, "Sub_");
    /// <summary>Multiplies this tensor by another tensor, element by element, in place.</summary>
    public Tensor Mul_(Tensor other) => InPlace(new MultiplyFormula(), other, "Mul_");
    /// <summary>Divides this tensor by another tensor, element by element, in place.</summary>
    /// <exception cref="DTypeException">The elements of this tensor are integers or Booleans. The quotients are
    /// always floating-point numbers, and cannot be stored in such a tensor.</exception>
    public Tensor Div_(Tensor other) => Taking("Div_", DTypes.Default).InPlace(new DivideFormula(), other, "Div_");
    /// <summary>Adds a number to every element, in place.</summary>
    public Tensor Add_(Number b) => InPlace(1, b, "Add_");
    /// <summary>Subtracts a number from every element, in place.</summary>
    public Tensor Sub_(Number b) => InPlace(1, -b, "Sub_");
    /// <summary>Multiplies every element by a number, in place.</summary>
    public Tensor Mul_(Number a) => InPlace(a, Number.Nothing, "Mul_");
    /// <summary>
    /// Computes this = f(this, other) in place, element by element. The other tensor is broadcast to the shape of this
    /// tensor. Here, f is a scalar function of your own.
    /// </summary>
    public Tensor Zip_<F>(F f, Tensor other) where F : struct, IZip => InPlace(f, other, "Zip_");

    /// <summary>
    /// Computes this = f(this, b, c) in place, for all elements at the same position. Here, f is a scalar function of
    /// your own. The three tensors must have the same shape, type and device.
    /// </summary>
    public Tensor Zip_<F>(F f, Tensor b, Tensor c) where F : struct, IZip3
    {
        SameDevice("Zip_", b.Given().OnlyType("Zip_", DType));
        SameDevice("Zip_", c.Given().OnlyType("Zip_", DType));
        Layout.OnlySame("Zip_", Layout, b.Layout, c.Layout);
        Writing("Zip_");
        Device.Zip(f, this, b.Beside(this), c.Beside(this), this);
        return this;
    }

    /// <summary>
    /// Copies the elements of another tensor into this tensor. The other tensor is broadcast to the shape of this
    /// tensor, and converted to the type and device of this tensor.
    /// </summary>
    public Tensor Copy_(Tensor other)
    {
        if ((other = other.Given().As(this)).Device != Device) other = other.To(Device);
        if (other.Layout.Expand(Layout.shape) is not { } layout)
            throw new ShapeException($"Copy_: shape {other.Layout} does not broadcast to {Layout}.");
        Writing("Copy_");
        Device.Copy(other.With(layout).Beside(this), this);
        return this;
    }

    /// <summary>Sets every element to <paramref name="value"/>.</summary>
    public Tensor Fill_(Number value) => Writing("Fill_").SetAll(value);
    /// <summary>Sets every element to 0.</summary>
    public Tensor Zero_() => Writing("Zero_").SetAll(0);

    /// <summary>Replaces every element x with |x|, in place.</summary>
    public Tensor Abs_() => InPlace(() => Abs());
    /// <summary>Adds value · a · b to this tensor, in place. If value is not given, it is 1.</summary>
    public Tensor Addcmul_(Tensor a, Tensor b, Number? value = null) => InPlace(() => Addcmul(a, b, value));
    /// <summary>Adds value · a / b to this tensor, in place.</summary>
    public Tensor Addcdiv_(Tensor a, Tensor b, double value = 1) => InPlace(() => Addcdiv(a, b, value));
    /// <summary>
    /// Computes this + weight · (end − this) in place: a position on the line from this tensor to the end.
    /// </summary>
    public Tensor Lerp_(Tensor end, Tensor weight) => InPlace(() => Lerp(end, weight));
    /// <summary>Limits every element to [min, max], in place. A bound that is null is not applied.</summary>
    public Tensor Clamp_(Number? min = null, Number? max = null) => InPlace(() => Clamp(min, max));
    /// <summary>Replaces every element x with eˣ, in place.</summary>
    public Tensor Exp_() => InPlace(() => Exp());
    /// <summary>Replaces every element x with ln x, in place.</summary>
    public Tensor Log_() => InPlace(() => Log());
    /// <summary>Replaces every element x with −x, in place.</summary>
    public Tensor Neg_() => NoMask("Neg_").InPlace(() => -this);
    /// <summary>Replaces every element x with xᵖ, in place.</summary>
    public Tensor Pow_(Number p) => InPlace(() => Pow(p));
    /// <summary>Replaces every element x with max(0, x), in place.</summary>
    public Tensor Relu_() => InPlace(() => Relu());
    /// <summary>Replaces every element x with √x, in place.</summary>
    public Tensor Sqrt_() => InPlace(() => Sqrt());

    /// <summary>Fills this tensor with random numbers that are uniformly distributed in [low, high).</summary>
    public Tensor Uniform_(double low = 0, double high = 1, Generator? generator = null)
    {
        generator ??= Generator.Default;
        OnlyFloat("Uniform_").Writing("Uniform_");
        Device.Fill(new RandomUniform(generator.Seed, generator.Take(Numel), low, high, DType), this);
        return this;
    }

    /// <summary>
    /// Fills this tensor with normally distributed random numbers. The numbers are computed on the host, because
    /// logarithms that are computed on different devices differ in the last digit.
    /// </summary>
    public Tensor Normal_(double mean = 0, double std = 1, Generator? generator = null)
    {
        generator ??= Generator.Default;
        OnlyFloat("Normal_").Writing("Normal_");
        var host = Empty(Layout.shape, DType, Device.Cpu);
        Device.Cpu.Fill(new RandomNormal(generator.Seed, generator.Take(Numel), mean, std), host);
        Device.Copy(host.To(Device), this);
        return this;
    }
}
