using System.Globalization;
using System.Text;

namespace Tensorlet.Data;

/// <summary>
/// A table in a text file of UTF-8: fields between separators, quoted where they contain one, a quote
/// (doubled) or a line's end (RFC 4180). Empty lines are passed over.
/// </summary>
public sealed class Csv
{
    readonly string path;
    readonly List<(int Line, string[] Fields)> rows;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="separator">What stands between fields.</param>
    /// <param name="header">The first line names the columns; without, they are named 0, 1, …</param>
    /// <exception cref="InvalidDataException">A quote is not closed or in the wrong place, a row has not as many fields
    /// as the first, a name comes twice, or there is no row: file, line and column are told.</exception>
    public Csv(string path, char separator = ',', bool header = true)
        : this(File.ReadAllText(path), path, separator, header) { }

    /// <summary>Reads a text.</summary>
    /// <inheritdoc cref="Csv(string, char, bool)"/>
    /// <param name="text">The text.</param>
    /// <param name="path">What errors call it.</param>
    /// <param name="separator">What stands between fields.</param>
    /// <param name="header">The first line names the columns.</param>
    public Csv(string text, string path, char separator = ',', bool header = true)
    {
        this.path = path;
        rows = Parse(text, separator);
        if (rows.Count == 0) throw Wrong(1, 1, "expected a row, found none");
        Columns = header ? rows[0].Fields : [.. rows[0].Fields.Select((_, column) => $"{column}")];
        foreach (var (line, fields) in rows.Where(row => row.Fields.Length != Columns.Count))
            throw Wrong(line, Math.Min(fields.Length, Columns.Count) + 1,
                $"expected {Columns.Count} fields, found {fields.Length}");
        if (Columns.Distinct().Count() < Columns.Count)
            throw Wrong(1, 1, $"expected names that differ, found {string.Join(", ", Columns)}");
        if (header) rows.RemoveAt(0);
    }

    /// <summary>The names of the columns.</summary>
    public IReadOnlyList<string> Columns { get; }
    /// <summary>The number of rows.</summary>
    public int Count => rows.Count;

    /// <summary>A column as it is written.</summary>
    /// <exception cref="IndexException">There is no such column.</exception>
    public string[] Text(string column)
    {
        var at = Columns.ToList().IndexOf(column);
        return at >= 0 ? [.. rows.Select(row => row.Fields[at])] : throw new IndexException(
            $"{path}: there is no column '{column}'; there are {string.Join(", ", Columns)}.");
    }

    /// <summary>Columns of numbers, (N, C) in Float32; all if none is named.</summary>
    /// <param name="columns">Their names.</param>
    /// <param name="missing">The number for an empty field; without, that is no number.</param>
    /// <exception cref="IndexException">There is no such column.</exception>
    /// <exception cref="InvalidDataException">A field is no number: file, line and column are told.</exception>
    public Tensor Numbers(string[]? columns = null, double? missing = null)
    {
        columns ??= [.. Columns];
        return Tensor.From([.. columns.SelectMany(column => Text(column).Select((field, row) =>
            field.Length == 0 && missing is { } value ? (float)value
            : float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
            : throw Wrong(rows[row].Line, Columns.ToList().IndexOf(column) + 1,
                $"'{column}': expected a number, found '{field}'")))], [columns.Length, Count]).T.Contiguous();
    }

    /// <summary>A column of names as labels (N), Int64: the numbers of the names in order.</summary>
    /// <exception cref="IndexException">There is no such column.</exception>
    public (Tensor Labels, string[] Classes) Labels(string column)
    {
        var text = Text(column);
        string[] classes = [.. text.Distinct().Order(StringComparer.Ordinal)];
        return (Tensor.From<long>([.. text.Select(name => Array.IndexOf(classes, name))]), classes);
    }

    InvalidDataException Wrong(int line, int column, string what) =>
        new($"{path}, line {line}, column {column}: {what}.");

    List<(int, string[])> Parse(string text, char separator)
    {
        List<(int, string[])> rows = [];
        var (fields, field) = (new List<string>(), new StringBuilder());
        var (line, first, opened, closed) = (1, 1, 0, false);       // opened: the line of a quote; closed: it is
        for (var i = 0; i <= text.Length; i++)
        {
            var (c, next) = (i < text.Length ? text[i] : '\n', i + 1 < text.Length ? text[i + 1] : '\n');
            if (opened > 0 && i == text.Length)
                throw Wrong(opened, fields.Count + 1, "expected a closing quote, found the end of the file");
            if (opened > 0 && c == '"' && next != '"') (opened, closed) = (0, true);
            else if (opened > 0) field.Append(text[c == '"' ? i++ : i]);
            else if (c == '"' && field.Length == 0 && !closed) opened = line;
            else if (c == separator || c == '\n')
            {
                if (c == separator || fields.Count > 0 || field.Length > 0 || closed) fields.Add(field.ToString());
                if (c == '\n' && fields.Count > 0) rows.Add((first, [.. fields]));
                if (c == '\n') (fields, first) = ([], line + 1);
                (field, closed) = (new(), false);
            }
            else if (closed && c != '\r')
                throw Wrong(line, fields.Count + 1, $"expected the end of a quoted field, found '{c}'");
            else if (c != '\r' || next != '\n') field.Append(c);
            if (c == '\n') line++;
        }
        return rows;
    }
}
