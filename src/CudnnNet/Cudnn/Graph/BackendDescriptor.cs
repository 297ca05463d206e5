using System.Text;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>One descriptor of cuDNN's graph API: created, given attributes, finalized, read.</summary>
/// <remarks>
/// The subject of every call names, in an exception, what the descriptor stands for: a tensor, an operation, a plan.
/// It is turned into a text only when a call fails.
/// </remarks>
internal sealed unsafe class BackendDescriptor : NativeOwner
{
    private cudnnBackendDescriptor_t _handle;

    public BackendDescriptor(cudnnBackendDescriptorType_t type, object subject)
        : base(null)
    {
        Subject = subject;
        cudnnBackendDescriptor_t handle;
        GraphFailure.Check(Cudnn.cudnnBackendCreateDescriptor(type, &handle), "cudnnBackendCreateDescriptor", subject);
        _handle = handle;
    }

    public object Subject { get; }

    public cudnnBackendDescriptor_t Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle;
        }
    }

    /// <summary>The handle for an owner that keeps the descriptor.</summary>
    public cudnnBackendDescriptor_t KeptHandle => _handle;

    public void Set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, long count, void* elements)
    {
        cudnnStatus_t status = Cudnn.cudnnBackendSetAttribute(_handle, name, type, count, elements);
        if (status != cudnnStatus_t.CUDNN_STATUS_SUCCESS)
        {
            GraphFailure.Throw(status, "cudnnBackendSetAttribute", $"{Subject}, attribute {name}");
        }
    }

    public void Set(cudnnBackendAttributeName_t name, BackendDescriptor value)
    {
        cudnnBackendDescriptor_t handle = value._handle;
        Set(name, cudnnBackendAttributeType_t.CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &handle);
    }

    public void Set(cudnnBackendAttributeName_t name, ReadOnlySpan<cudnnBackendDescriptor_t> values)
    {
        fixed (cudnnBackendDescriptor_t* first = values)
        {
            Set(name, cudnnBackendAttributeType_t.CUDNN_TYPE_BACKEND_DESCRIPTOR, values.Length, first);
        }
    }

    public void Set(cudnnBackendAttributeName_t name, cudnnHandle_t value) => Set(name, cudnnBackendAttributeType_t.CUDNN_TYPE_HANDLE, 1, &value);

    public void Set(cudnnBackendAttributeName_t name, ReadOnlySpan<long> values)
    {
        fixed (long* first = values)
        {
            Set(name, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64, values.Length, first);
        }
    }

    public void Set(cudnnBackendAttributeName_t name, long value) => Set(name, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64, 1, &value);

    /// <summary>An attribute of four bytes: an enumeration or a 32-bit integer.</summary>
    public void Set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int value) => Set(name, type, 1, &value);

    public void Set(cudnnBackendAttributeName_t name, bool value)
    {
        byte flag = value ? (byte)1 : (byte)0;
        Set(name, cudnnBackendAttributeType_t.CUDNN_TYPE_BOOLEAN, 1, &flag);
    }

    public void Set(cudnnBackendAttributeName_t name, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* first = bytes)
        {
            Set(name, cudnnBackendAttributeType_t.CUDNN_TYPE_CHAR, bytes.Length, first);
        }
    }

    /// <summary>Finalizes the descriptor and says how that went, where a refusal is an answer.</summary>
    public cudnnStatus_t TryComplete() => Cudnn.cudnnBackendFinalize(_handle);

    /// <summary>Finalizes the descriptor.</summary>
    /// <exception cref="CudnnException">cuDNN refuses it.</exception>
    public void Complete() => GraphFailure.Check(TryComplete(), "cudnnBackendFinalize", Subject);

    /// <summary>Reads up to <paramref name="capacity"/> elements; how many there were, or, where no capacity is given, how many there are.</summary>
    public long Get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, long capacity, void* elements)
    {
        long count;
        cudnnStatus_t status = Cudnn.cudnnBackendGetAttribute(_handle, name, type, capacity, &count, elements);
        if (status != cudnnStatus_t.CUDNN_STATUS_SUCCESS)
        {
            GraphFailure.Throw(status, "cudnnBackendGetAttribute", $"{Subject}, attribute {name}");
        }

        return count;
    }

    public T Get<T>(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type)
        where T : unmanaged
    {
        T value = default;
        Get(name, type, 1, &value);
        return value;
    }

    /// <summary>An attribute of any number of elements.</summary>
    public T[] GetMany<T>(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type)
        where T : unmanaged
    {
        long count = Get(name, type, 0, null);
        T[] values = new T[count];
        if (count > 0)
        {
            fixed (T* first = values)
            {
                count = Get(name, type, count, first);
            }
        }

        return count < values.Length ? values[..(int)count] : values;
    }

    /// <summary>An attribute that is a text, which the library ends with a zero.</summary>
    public string GetText(cudnnBackendAttributeName_t name) => Encoding.UTF8.GetString(GetMany<byte>(name, cudnnBackendAttributeType_t.CUDNN_TYPE_CHAR)).TrimEnd('\0');

    /// <summary>An attribute of a few elements, read at once: the real library answers some lists, such as notes, only where there is room for them.</summary>
    public T[] GetUpTo<T>(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int capacity)
        where T : unmanaged
    {
        T* values = stackalloc T[capacity];
        return new ReadOnlySpan<T>(values, (int)Get(name, type, capacity, values)).ToArray();
    }

    /// <summary>Reads an attribute that is another descriptor; it belongs to the caller.</summary>
    public BackendDescriptor GetDescriptor(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type, object subject)
    {
        BackendDescriptor descriptor = new(type, subject);
        try
        {
            cudnnBackendDescriptor_t handle = descriptor._handle;
            Get(name, cudnnBackendAttributeType_t.CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &handle);
            return descriptor;
        }
        catch
        {
            descriptor.Dispose();
            throw;
        }
    }

    /// <summary>Reads an attribute that is a list of descriptors; they belong to the caller.</summary>
    /// <param name="name">The attribute.</param>
    /// <param name="type">What the descriptors are.</param>
    /// <param name="subject">What they stand for, in errors.</param>
    /// <param name="capacity">How many to make room for; without, as many as cuDNN says there are.</param>
    /// <remarks>cuDNN fills descriptors that are there already, and may fill fewer than it said there were.</remarks>
    public BackendDescriptor[] GetDescriptors(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type, object subject, long capacity = 0)
    {
        capacity = capacity > 0 ? capacity : Get(name, cudnnBackendAttributeType_t.CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, null);
        BackendDescriptor?[] descriptors = new BackendDescriptor?[capacity];
        cudnnBackendDescriptor_t[] handles = new cudnnBackendDescriptor_t[capacity];
        long count = 0;
        try
        {
            for (int i = 0; i < capacity; i++)
            {
                BackendDescriptor descriptor = new(type, subject);
                descriptors[i] = descriptor;
                handles[i] = descriptor._handle;
            }

            fixed (cudnnBackendDescriptor_t* first = handles)
            {
                count = capacity == 0 ? 0 : Get(name, cudnnBackendAttributeType_t.CUDNN_TYPE_BACKEND_DESCRIPTOR, capacity, first);
            }

            return [.. descriptors.Take((int)count).Select(descriptor => descriptor!)];
        }
        finally
        {
            // What was not filled; everything, where the call failed.
            foreach (BackendDescriptor? unused in descriptors.AsSpan((int)count))
            {
                unused?.Dispose();
            }
        }
    }

    private protected override void Release()
    {
        if (_handle != default)
        {
            _ = Cudnn.cudnnBackendDestroyDescriptor(_handle);
            _handle = default;
        }
    }
}
