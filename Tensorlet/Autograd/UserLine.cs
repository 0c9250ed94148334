using System.Diagnostics;

namespace Tensorlet;

/// <summary>
/// Where in the user's code an operation was called. Finding it takes time, so it is used only for checks and in
/// anomaly mode.
/// </summary>
static class UserLine
{
    /// <summary>
    /// File and line (or the method, if there are no symbols) of the innermost caller outside the library.
    /// </summary>
    public static string Find()
    {
        foreach (var frame in new StackTrace(fNeedFileInfo: true).GetFrames())
            if (DiagnosticMethodInfo.Create(frame) is { DeclaringTypeName: { } type } method
                && method.DeclaringAssemblyName != typeof(UserLine).Assembly.FullName)
                return frame.GetFileName() is { } file ? $"{Path.GetFileName(file)}:{frame.GetFileLineNumber()}"
                    : $"{type.Split('.', '+')[^1]}.{method.Name}";
        return "?";
    }
}
