namespace Tensorlet.Tests.Verification;

// One class for each family and device, so that both processors have work.

public class ArithmeticOnCpu { [Theory, Ops("arithmetic", "cpu")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class ElementwiseOnCpu { [Theory, Ops("elementwise", "cpu")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class ReductionsOnCpu { [Theory, Ops("reductions", "cpu")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class ShapesOnCpu { [Theory, Ops("shapes", "cpu")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class IndexingOnCpu { [Theory, Ops("indexing", "cpu")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class ProductsOnCpu { [Theory, Ops("products", "cpu")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class ImagesOnCpu { [Theory, Ops("images", "cpu")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class LossesOnCpu { [Theory, Ops("losses", "cpu")] public void Verified(string op, string device) => Verifier.Run(op, device); }

public class ArithmeticOnReference { [Theory, Ops("arithmetic", "reference")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class ElementwiseOnReference { [Theory, Ops("elementwise", "reference")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class ReductionsOnReference { [Theory, Ops("reductions", "reference")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class ShapesOnReference { [Theory, Ops("shapes", "reference")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class IndexingOnReference { [Theory, Ops("indexing", "reference")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class ProductsOnReference { [Theory, Ops("products", "reference")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class ImagesOnReference { [Theory, Ops("images", "reference")] public void Verified(string op, string device) => Verifier.Run(op, device); }
public class LossesOnReference { [Theory, Ops("losses", "reference")] public void Verified(string op, string device) => Verifier.Run(op, device); }
