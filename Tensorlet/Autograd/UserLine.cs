using System.Diagnostics;

namespace Tensorlet;

/// <summary>
/// Finds the line of the user's code that called an operation. This takes time, so it is done only for checks and
/// in anomaly mode.
/// </summary>
static class UserLine
{
    /// <summary>
    /// Returns the file and the line of the innermost caller outside the library. If there are no debug symbols,
    /// this method returns the class and the method of that caller instead.
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
