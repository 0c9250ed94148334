namespace Tensorlet.Tests.Verification;

// The operations of a family on a device: one class for each, so that every processor has work.

public abstract class OnCpu
{
    [Theory, Ops("cpu")]
    public void Verified(string op, string device) => Verifier.Run(op, device);
}

public abstract class OnReference
{
    [Theory, Ops("reference")]
    public void Verified(string op, string device) => Verifier.Run(op, device);
}

public abstract class OnSimulated
{
    [Theory, Ops("simulated")]
    public void Verified(string op, string device) => Verifier.Run(op, device);
}

public abstract class OnOpenCL
{
    [Theory, Ops("opencl:0")]
    public void Verified(string op, string device) => Verifier.Run(op, device);
}

public class ArithmeticOnCpu : OnCpu;
public class ElementwiseOnCpu : OnCpu;
public class ReductionsOnCpu : OnCpu;
public class ShapesOnCpu : OnCpu;
public class IndexingOnCpu : OnCpu;
public class ProductsOnCpu : OnCpu;
public class ImagesOnCpu : OnCpu;
public class LossesOnCpu : OnCpu;
public class LinearAlgebraOnCpu : OnCpu;
public class LayersOnCpu : OnCpu;
public class SequencesOnCpu : OnCpu;

public class ArithmeticOnReference : OnReference;
public class ElementwiseOnReference : OnReference;
public class ReductionsOnReference : OnReference;
public class ShapesOnReference : OnReference;
public class IndexingOnReference : OnReference;
public class ProductsOnReference : OnReference;
public class ImagesOnReference : OnReference;
public class LossesOnReference : OnReference;
public class LinearAlgebraOnReference : OnReference;
public class LayersOnReference : OnReference;
public class SequencesOnReference : OnReference;

public class ArithmeticOnSimulated : OnSimulated;
public class ElementwiseOnSimulated : OnSimulated;
public class ReductionsOnSimulated : OnSimulated;
public class ShapesOnSimulated : OnSimulated;
public class IndexingOnSimulated : OnSimulated;
public class ProductsOnSimulated : OnSimulated;
public class ImagesOnSimulated : OnSimulated;
public class LossesOnSimulated : OnSimulated;
public class LinearAlgebraOnSimulated : OnSimulated;
public class LayersOnSimulated : OnSimulated;
public class SequencesOnSimulated : OnSimulated;

public class ArithmeticOnOpenCL : OnOpenCL;
public class ElementwiseOnOpenCL : OnOpenCL;
public class ReductionsOnOpenCL : OnOpenCL;
public class ShapesOnOpenCL : OnOpenCL;
public class IndexingOnOpenCL : OnOpenCL;
public class ProductsOnOpenCL : OnOpenCL;
public class ImagesOnOpenCL : OnOpenCL;
public class LossesOnOpenCL : OnOpenCL;
public class LinearAlgebraOnOpenCL : OnOpenCL;
public class LayersOnOpenCL : OnOpenCL;
public class SequencesOnOpenCL : OnOpenCL;
