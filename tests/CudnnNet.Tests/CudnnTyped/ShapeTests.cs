namespace CudnnNet.Tests;

/// <summary>Shapes, strides and output sizes; nothing of it needs a device.</summary>
public sealed class ShapeTests
{
    [Test]
    public void A_packed_shape_has_the_strides_of_its_layout()
    {
        TensorShape nhwc = new(2, 3, 5, 7);
        TensorShape nchw = nhwc with { Layout = TensorLayout.Nchw };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(nhwc.Strides, Is.EqualTo(new TensorStrides(105, 1, 21, 3)));
            Assert.That(nchw.Strides, Is.EqualTo(new TensorStrides(105, 35, 7, 1)));
            Assert.That(nhwc.Elements, Is.EqualTo(210));
            Assert.That(nhwc.Bytes, Is.EqualTo(840));
            Assert.That((nhwc with { Type = DataType.BFloat16 }).Bytes, Is.EqualTo(420));
            Assert.That((nhwc with { Type = DataType.Float64 }).Bytes, Is.EqualTo(1680));
            Assert.That(nhwc.ToString(), Is.EqualTo("2 x 3 x 5 x 7 Float32 Nhwc"));
        }
    }

    [Test]
    public void Strides_of_its_own_span_more_than_the_elements()
    {
        TensorShape shape = new TensorShape(2, 3, 4, 5, Layout: TensorLayout.Nchw) { Strides = new TensorStrides(200, 50, 10, 2) };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(shape.IsPacked, Is.False);
            Assert.That(shape.Elements, Is.EqualTo(120));
            Assert.That(shape.SpannedElements, Is.EqualTo(1 + 200 + 100 + 30 + 8));
            Assert.That(shape.Bytes, Is.EqualTo(339 * 4));
            Assert.That(shape.ToString(), Is.EqualTo("2 x 3 x 4 x 5 Float32 with strides (200, 50, 10, 2)"));
        }
    }

    [Test]
    public void Strides_that_are_the_packed_ones_make_no_difference()
    {
        TensorShape shape = new(2, 3, 4, 5);
        Assert.That(shape with { Strides = new TensorStrides(60, 1, 15, 3) }, Is.EqualTo(shape));
    }

    [TestCase(DataType.Float32, 4)]
    [TestCase(DataType.Float64, 8)]
    [TestCase(DataType.Float16, 2)]
    [TestCase(DataType.BFloat16, 2)]
    [TestCase(DataType.Int8, 1)]
    [TestCase(DataType.UInt8, 1)]
    [TestCase(DataType.Int32, 4)]
    [TestCase(DataType.Int64, 8)]
    public void A_type_has_its_size(DataType type, int bytes) => Assert.That(type.SizeInBytes(), Is.EqualTo(bytes));

    [Test]
    public void A_type_of_CSharp_has_its_type_of_cuDNN()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(DataTypes.Of<float>(), Is.EqualTo(DataType.Float32));
            Assert.That(DataTypes.Of<double>(), Is.EqualTo(DataType.Float64));
            Assert.That(DataTypes.Of<Half>(), Is.EqualTo(DataType.Float16));
            Assert.That(DataTypes.Of<sbyte>(), Is.EqualTo(DataType.Int8));
            Assert.That(DataTypes.Of<byte>(), Is.EqualTo(DataType.UInt8));
            Assert.That(DataTypes.Of<int>(), Is.EqualTo(DataType.Int32));
            Assert.That(DataTypes.Of<long>(), Is.EqualTo(DataType.Int64));
            Assert.Throws<ArgumentException>(() => DataTypes.Of<char>());
            Assert.Throws<ArgumentOutOfRangeException>(() => ((DataType)77).SizeInBytes());
        }
    }

    [TestCase(32, 3, 1, 1, 1, ExpectedResult = 32)]
    [TestCase(32, 3, 1, 2, 1, ExpectedResult = 16)]
    [TestCase(224, 7, 3, 2, 1, ExpectedResult = 112)]
    [TestCase(8, 1, 0, 2, 1, ExpectedResult = 4)]
    [TestCase(7, 3, 2, 1, 2, ExpectedResult = 7)]
    [TestCase(3, 3, 0, 1, 1, ExpectedResult = 1)]
    public int The_output_of_a_convolution_has_the_size_of_the_formula(int input, int filter, int padding, int stride, int dilation)
    {
        TensorShape y = new Convolution(padding, stride, dilation).OutputShape(new(2, 4, input, input + 1), new(6, 4, filter, filter));
        Assert.That((y.N, y.C), Is.EqualTo((2, 6)));
        return y.H;
    }

    [Test]
    public void Separate_numbers_go_to_rows_and_columns()
    {
        Convolution convolution = new(PaddingHeight: 1, PaddingWidth: 2, StrideHeight: 2, StrideWidth: 1, DilationHeight: 1, DilationWidth: 3, Groups: 2);
        TensorShape y = convolution.OutputShape(new(1, 4, 9, 9, Layout: TensorLayout.Nchw), new(2, 2, 3, 3));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(y, Is.EqualTo(new TensorShape(1, 2, 5, 7, Layout: TensorLayout.Nchw)));
            Assert.That(convolution.ToString(), Is.EqualTo("CrossCorrelation, padding 1 x 2, stride 2 x 1, dilation 1 x 3, 2 group(s), Default math"));
        }
    }

    [Test]
    public void A_convolution_made_of_nothing_is_the_plain_one()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new Convolution(), Is.EqualTo(new Convolution(Padding: 0, Stride: 1, Dilation: 1, Groups: 1)));
            Assert.That(new Convolution().Mode, Is.EqualTo(ConvolutionMode.CrossCorrelation));
        }
    }

    [Test]
    public void A_convolution_that_does_not_fit_is_refused()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => new Convolution(Groups: 2).OutputShape(new(1, 6, 8, 8), new(4, 2, 3, 3)),
                Throws.ArgumentException.With.Message.Contains("The filters 4 x 2 x 3 x 3 Float32 Nhwc do not fit the input 1 x 6 x 8 x 8 Float32 Nhwc in 2 group(s)"));
            Assert.That(
                () => new Convolution().OutputShape(new(1, 6, 2, 8), new(4, 6, 3, 3)),
                Throws.ArgumentException.With.Message.Contains("A filter that reaches over 3 pixels does not fit an image of 2 pixels with padding 0"));
            Assert.That(() => new Convolution(Stride: 0).OutputShape(new(1, 6, 8, 8), new(4, 6, 3, 3)), Throws.ArgumentException);
            Assert.That(() => default(Convolution).OutputShape(new(1, 6, 8, 8), new(4, 6, 3, 3)), Throws.ArgumentException);
            Assert.That(() => new Convolution().OutputShape(new(0, 6, 8, 8), new(4, 6, 3, 3)), Throws.ArgumentException.With.Message.Contains("every dimension must be at least 1"));
        }
    }

    [Test]
    public void The_output_of_a_pooling_has_the_size_of_the_formula()
    {
        TensorShape x = new(2, 5, 8, 9);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new PoolingWindow(3, 1, 2).OutputShape(x), Is.EqualTo(new TensorShape(2, 5, 4, 5)));
            Assert.That(new PoolingWindow(Height: 4, Width: 3, PaddingHeight: 2, PaddingWidth: 1, StrideHeight: 2, StrideWidth: 3).OutputShape(x), Is.EqualTo(new TensorShape(2, 5, 5, 3)));
            Assert.That(PoolingWindow.Global(x).OutputShape(x), Is.EqualTo(new TensorShape(2, 5, 1, 1)));
        }
    }

    [Test]
    public void A_window_that_does_not_fit_is_refused()
    {
        TensorShape x = new(2, 5, 8, 9);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => new PoolingWindow(2, 2, 1).OutputShape(x), Throws.ArgumentException.With.Message.Contains("its padding must be smaller than the window"));
            Assert.That(() => new PoolingWindow(9, 0, 1).OutputShape(x), Throws.ArgumentException.With.Message.Contains("larger than the padded image"));
            Assert.That(() => new PoolingWindow(2, 0, 0).OutputShape(x), Throws.ArgumentException);
        }
    }

    [Test]
    public void Batch_normalisation_keeps_its_parameters_packed_and_wide()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                BatchNormalization.DeriveParameterShape(BatchNormalizationMode.Spatial, new(8, 16, 4, 4, DataType.BFloat16)),
                Is.EqualTo(new TensorShape(1, 16, 1, 1, DataType.Float32, TensorLayout.Nchw)));
            Assert.That(
                BatchNormalization.DeriveParameterShape(BatchNormalizationMode.PerActivation, new(8, 16, 4, 3, DataType.Float64)),
                Is.EqualTo(new TensorShape(1, 16, 4, 3, DataType.Float64, TensorLayout.Nchw)));
            Assert.That(() => BatchNormalization.DeriveParameterShape(BatchNormalizationMode.Spatial, new(8, 16, 4, 4, DataType.Int8)), Throws.ArgumentException);
        }
    }
}
