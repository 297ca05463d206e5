namespace CudnnNet;

/// <summary>What <see cref="OperationGraph.Pointwise"/> does with each element; the numbers are cuDNN's (cudnnPointwiseMode_t).</summary>
public enum PointwiseMode
{
    /// <summary>x + b.</summary>
    Add = 0,

    /// <summary>x · b.</summary>
    Multiply = 1,

    /// <summary>min(x, b).</summary>
    Minimum = 2,

    /// <summary>max(x, b).</summary>
    Maximum = 3,

    /// <summary>√x.</summary>
    SquareRoot = 4,

    /// <summary>x + b².</summary>
    AddSquare = 5,

    /// <summary>x / b.</summary>
    Divide = 6,

    /// <summary>The remainder of x / b with the sign of x, as C's fmod.</summary>
    Modulo = 7,

    /// <summary>x to the power of b.</summary>
    Power = 8,

    /// <summary>x - b.</summary>
    Subtract = 9,

    /// <summary>|x|.</summary>
    Absolute = 10,

    /// <summary>x rounded up.</summary>
    Ceiling = 11,

    /// <summary>cos x.</summary>
    Cosine = 12,

    /// <summary>eˣ.</summary>
    Exponential = 13,

    /// <summary>x rounded down.</summary>
    Floor = 14,

    /// <summary>ln x.</summary>
    Logarithm = 15,

    /// <summary>-x.</summary>
    Negate = 16,

    /// <summary>1/√x.</summary>
    ReciprocalSquareRoot = 17,

    /// <summary>sin x.</summary>
    Sine = 18,

    /// <summary>tan x.</summary>
    Tangent = 19,

    /// <summary>erf x.</summary>
    ErrorFunction = 20,

    /// <summary>x, in the type of the result: a conversion.</summary>
    Identity = 21,

    /// <summary>1/x.</summary>
    Reciprocal = 22,

    /// <summary>atan2(x, b), the angle of the point with ordinate x and abscissa b.</summary>
    ArcTangent2 = 23,

    /// <summary>x - ⌊x/b⌋ · b, the remainder with the sign of b; since cuDNN 9.26.</summary>
    FloorModulo = 24,

    /// <summary>max(x, 0); with clips of <see cref="PointwiseOptions"/>, min(max(x, lower), upper) with a slope below.</summary>
    Relu = 100,

    /// <summary>tanh x.</summary>
    Tanh = 101,

    /// <summary>1/(1 + e⁻ˣ).</summary>
    Sigmoid = 102,

    /// <summary>x for x > 0, else α(eˣ - 1).</summary>
    Elu = 103,

    /// <summary>x/2 · (1 + erf(x/√2)).</summary>
    Gelu = 104,

    /// <summary>ln(1 + e^(βx))/β.</summary>
    Softplus = 105,

    /// <summary>x · sigmoid(βx).</summary>
    Swish = 106,

    /// <summary>GELU by its approximation with tanh.</summary>
    GeluTanh = 107,

    /// <summary>dy where x is above the lower clip, else 0 (or the slope times dy).</summary>
    ReluBackward = 200,

    /// <summary>dy · (1 - tanh² x).</summary>
    TanhBackward = 201,

    /// <summary>dy · s(1 - s), s = sigmoid x.</summary>
    SigmoidBackward = 202,

    /// <summary>dy times the derivative of <see cref="Elu"/> at x.</summary>
    EluBackward = 203,

    /// <summary>dy times the derivative of <see cref="Gelu"/> at x.</summary>
    GeluBackward = 204,

    /// <summary>dy times the derivative of <see cref="Softplus"/> at x.</summary>
    SoftplusBackward = 205,

    /// <summary>dy times the derivative of <see cref="Swish"/> at x.</summary>
    SwishBackward = 206,

    /// <summary>dy times the derivative of <see cref="GeluTanh"/> at x.</summary>
    GeluTanhBackward = 207,

    /// <summary>x = b, a truth value.</summary>
    Equal = 300,

    /// <summary>x ≠ b, a truth value.</summary>
    NotEqual = 301,

    /// <summary>x > b, a truth value.</summary>
    Greater = 302,

    /// <summary>x ≥ b, a truth value.</summary>
    GreaterOrEqual = 303,

    /// <summary>x &lt; b, a truth value.</summary>
    Less = 304,

    /// <summary>x ≤ b, a truth value.</summary>
    LessOrEqual = 305,

    /// <summary>x and b, truth values.</summary>
    And = 400,

    /// <summary>x or b, truth values.</summary>
    Or = 401,

    /// <summary>not x, a truth value.</summary>
    Not = 402,

    /// <summary>The coordinate of the element along <see cref="PointwiseOptions.Axis"/>, a 32-bit integer; x gives only the shape.</summary>
    Index = 501,

    /// <summary>x where t is true, else b.</summary>
    Select = 601,
}
