namespace CudnnNet;

/// <summary>Owners that something holds without being their child: the modules, memory and events of a graph's nodes.</summary>
internal sealed class KeptOwners
{
    private readonly List<NativeOwner> _owners = [];

    /// <exception cref="ObjectDisposedException"><paramref name="owner"/> is disposed.</exception>
    public void Add(NativeOwner owner)
    {
        if (!_owners.Contains(owner))
        {
            owner.Keep();
            _owners.Add(owner);
        }
    }

    /// <summary>Holds what somebody else holds, whether it was disposed meanwhile or not.</summary>
    public void AddAll(KeptOwners others)
    {
        foreach (NativeOwner owner in others._owners)
        {
            if (!_owners.Contains(owner))
            {
                owner.KeepAgain();
                _owners.Add(owner);
            }
        }
    }

    public void LetGo()
    {
        foreach (NativeOwner owner in _owners)
        {
            owner.LetGo();
        }

        _owners.Clear();
    }
}
