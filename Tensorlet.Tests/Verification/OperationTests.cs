namespace Tensorlet.Tests.Verification;

// One class for each family and device, so that both processors have work.

public class ArithmeticOnCpu
{
    [Theory, Ops("arithmetic", "cpu")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class ElementwiseOnCpu
{
    [Theory, Ops("elementwise", "cpu")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class ReductionsOnCpu
{
    [Theory, Ops("reductions", "cpu")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class ShapesOnCpu
{
    [Theory, Ops("shapes", "cpu")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class IndexingOnCpu
{
    [Theory, Ops("indexing", "cpu")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class ProductsOnCpu
{
    [Theory, Ops("products", "cpu")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class ImagesOnCpu
{
    [Theory, Ops("images", "cpu")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class LossesOnCpu
{
    [Theory, Ops("losses", "cpu")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}

public class ArithmeticOnReference
{
    [Theory, Ops("arithmetic", "reference")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ElementwiseOnReference
{
    [Theory, Ops("elementwise", "reference")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ReductionsOnReference
{
    [Theory, Ops("reductions", "reference")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ShapesOnReference
{
    [Theory, Ops("shapes", "reference")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class IndexingOnReference
{
    [Theory, Ops("indexing", "reference")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ProductsOnReference
{
    [Theory, Ops("products", "reference")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ImagesOnReference
{
    [Theory, Ops("images", "reference")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class LossesOnReference
{
    [Theory, Ops("losses", "reference")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}

public class ArithmeticOnSimulated
{
    [Theory, Ops("arithmetic", "simulated")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ElementwiseOnSimulated
{
    [Theory, Ops("elementwise", "simulated")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ReductionsOnSimulated
{
    [Theory, Ops("reductions", "simulated")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ShapesOnSimulated
{
    [Theory, Ops("shapes", "simulated")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class IndexingOnSimulated
{
    [Theory, Ops("indexing", "simulated")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ProductsOnSimulated
{
    [Theory, Ops("products", "simulated")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ImagesOnSimulated
{
    [Theory, Ops("images", "simulated")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class LossesOnSimulated
{
    [Theory, Ops("losses", "simulated")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}

public class ArithmeticOnOpenCL
{
    [Theory, Ops("arithmetic", "opencl:0")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ElementwiseOnOpenCL
{
    [Theory, Ops("elementwise", "opencl:0")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ReductionsOnOpenCL
{
    [Theory, Ops("reductions", "opencl:0")]
    public void Verified(string op,
    string device) => Verifier.Run(op, device);
}
public class ShapesOnOpenCL
{
    [Theory, Ops("shapes", "opencl:0")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class IndexingOnOpenCL
{
    [Theory, Ops("indexing", "opencl:0")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class ProductsOnOpenCL
{
    [Theory, Ops("products", "opencl:0")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class ImagesOnOpenCL
{
    [Theory, Ops("images", "opencl:0")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
public class LossesOnOpenCL
{
    [Theory, Ops("losses", "opencl:0")]
    public void Verified(string op, string device) =>
    Verifier.Run(op, device);
}
