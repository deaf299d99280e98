<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>A desktop workbench for Keras models. Apache License 2.0.</source>
        <translation>面向 Keras 模型的桌面工作台。Apache 许可证 2.0。</translation>
    </message>
    <message>
        <source>About kgui</source>
        <translation>关于 kgui</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
</context>
<context>
    <name>AxisBox</name>
    <message>
        <source>A colon shows the axis whole: two axes at the most.</source>
        <translation>冒号表示整个轴，最多两个轴可用冒号。</translation>
    </message>
    <message>
        <source>Axis {axis}</source>
        <translation>轴 {axis}</translation>
    </message>
    <message>
        <source>Axis {axis}, 0 to {last}. Arrow keys or the wheel step through it.</source>
        <translation>轴 {axis}，范围 0 到 {last}。可用方向键或滚轮逐个切换。</translation>
    </message>
</context>
<context>
    <name>ChooseDialog</name>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Compare With</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Compare {file} with</source>
        <translation>将 {file} 与以下模型比较</translation>
    </message>
    <message>
        <source>Filter files</source>
        <translation>筛选文件</translation>
    </message>
    <message>
        <source>No other model is open, and none was. Choose a file.</source>
        <translation>没有打开过其他模型，请选择一个文件。</translation>
    </message>
    <message>
        <source>Other file…</source>
        <translation>其他文件…</translation>
    </message>
    <message>
        <source>open in a tab</source>
        <translation>已在标签页中打开</translation>
    </message>
    <message>
        <source>opened before</source>
        <translation>以前打开过</translation>
    </message>
</context>
<context>
    <name>CodeDialog</name>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Keras 3  ·  {count} lines</source>
        <translation>Keras 3  ·  {count} 行</translation>
    </message>
    <message>
        <source>Python (*.py)</source>
        <translation>Python (*.py)</translation>
    </message>
    <message>
        <source>Python Code</source>
        <translation>Python 代码</translation>
    </message>
    <message>
        <source>Save Python Code</source>
        <translation>保存 Python 代码</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
    <message>
        <source>Writing the code …</source>
        <translation>正在生成代码 …</translation>
    </message>
</context>
<context>
    <name>CodeView</name>
    <message>
        <source>Python code of the model</source>
        <translation>模型的 Python 代码</translation>
    </message>
</context>
<context>
    <name>CommandPalette</name>
    <message>
        <source>Type a command</source>
        <translation>输入命令</translation>
    </message>
</context>
<context>
    <name>ComparePage</name>
    <message>
        <source>Both views move together</source>
        <translation>两侧视图同步移动</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Comparing the values of the weights …</source>
        <translation>正在比较权重的数值 …</translation>
    </message>
    <message>
        <source>Comparing {a} with {b} …</source>
        <translation>正在比较 {a} 与 {b} …</translation>
    </message>
    <message>
        <source>Layers that are equal step back</source>
        <translation>淡化相同的层</translation>
    </message>
    <message>
        <source>Next difference (F8)</source>
        <translation>下一处差异 (F8)</translation>
    </message>
    <message>
        <source>Previous difference (Shift+F8)</source>
        <translation>上一处差异 (Shift+F8)</translation>
    </message>
    <message>
        <source>Swap A and B</source>
        <translation>交换 A 和 B</translation>
    </message>
    <message>
        <source>The models could not be compared because of an error in kgui itself. The log says more.</source>
        <translation>kgui 自身出错，无法比较这两个模型。详情见日志。</translation>
    </message>
    <message>
        <source>The reader ended while it compared the models. Nothing is lost.</source>
        <translation>比较模型时读取进程意外退出。没有丢失任何内容。</translation>
    </message>
    <message>
        <source>The values of the weights were not compared.</source>
        <translation>尚未比较权重的数值。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
</context>
<context>
    <name>ConsolePanel</name>
    <message>
        <source>What kgui does in the background is told here.</source>
        <translation>kgui 在后台所做的事会显示在这里。</translation>
    </message>
</context>
<context>
    <name>DifferencesPanel</name>
    <message>
        <source>By how much the weights differ: the length of the difference, as a part of A&apos;s length</source>
        <translation>权重相差多少：差值的范数与 A 的范数之比</translation>
    </message>
    <message>
        <source>Compare two models to see here what differs.</source>
        <translation>比较两个模型，差异会显示在这里。</translation>
    </message>
    <message>
        <source>Copy rows</source>
        <translation>复制行</translation>
    </message>
    <message>
        <source>Filter by name, class, argument …</source>
        <translation>按名称、类、参数筛选 …</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Layer in A</source>
        <translation>A 中的层</translation>
    </message>
    <message>
        <source>Layer in B</source>
        <translation>B 中的层</translation>
    </message>
    <message>
        <source>The models are being compared.</source>
        <translation>正在比较模型。</translation>
    </message>
    <message>
        <source>The models were not compared.</source>
        <translation>没有比较模型。</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>What differs</source>
        <translation>差异内容</translation>
    </message>
    <message>
        <source>the model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>values not compared</source>
        <translation>未比较数值</translation>
    </message>
    <message>
        <source>values not compared yet</source>
        <translation>尚未比较数值</translation>
    </message>
    <message numerus="yes">
        <source>{count} layers in both</source>
        <translation>
            <numerusform>两者共有 {count} 层</numerusform>
        </translation>
    </message>
    <message>
        <source>{equal} of {compared} weights equal</source>
        <translation>{compared} 个权重中 {equal} 个相同</translation>
    </message>
</context>
<context>
    <name>Dock</name>
    <message>
        <source>Hide this panel (View &gt; Panels shows it again)</source>
        <translation>隐藏此面板（可通过“视图 &gt; 面板”重新显示）</translation>
    </message>
    <message>
        <source>Take this panel out of the window, or put it back</source>
        <translation>将此面板移出窗口，或放回原处</translation>
    </message>
</context>
<context>
    <name>DropZone</name>
    <message>
        <source>Drop models or projects anywhere in the window, or click to choose</source>
        <translation>将模型或项目拖放到窗口任意位置，或点击选择</translation>
    </message>
    <message>
        <source>Keras of any year: .keras, .h5, SavedModel folders, checkpoints, .json, .yaml; and .kgui projects</source>
        <translation>支持各个年代的 Keras：.keras、.h5、SavedModel 文件夹、检查点、.json、.yaml，以及 .kgui 项目</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
</context>
<context>
    <name>FindBar</name>
    <message>
        <source>Close (Esc)</source>
        <translation>关闭 (Esc)</translation>
    </message>
    <message>
        <source>Find by name, class, argument or shape</source>
        <translation>按名称、类、参数或形状查找</translation>
    </message>
    <message>
        <source>Next (Enter)</source>
        <translation>下一个 (Enter)</translation>
    </message>
    <message>
        <source>Previous (Shift+Enter)</source>
        <translation>上一个 (Shift+Enter)</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>{0} found</source>
        <translation>找到 {0} 个</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} / {1}</translation>
    </message>
</context>
<context>
    <name>GraphView</name>
    <message>
        <source>Graph of the model</source>
        <translation>模型的计算图</translation>
    </message>
    <message>
        <source>given as {0}</source>
        <translation>传入参数 {0}</translation>
    </message>
    <message>
        <source>output {0}</source>
        <translation>输出 {0}</translation>
    </message>
</context>
<context>
    <name>Histogram</name>
    <message numerus="yes">
        <source>{span}
{count} values</source>
        <translation>
            <numerusform>{span}
{count} 个值</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>InspectorPanel</name>
    <message>
        <source>  ·  and {count} more selected</source>
        <translation>  ·  另选中 {count} 个</translation>
    </message>
    <message>
        <source>Open a model: what is selected is explained here, or the model itself.</source>
        <translation>打开模型后，这里会说明所选的层或模型本身。</translation>
    </message>
</context>
<context>
    <name>Job</name>
    <message>
        <source>It failed because of an error in kgui itself. The log says more.</source>
        <translation>kgui 自身出错，操作失败。详情见日志。</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Close this message</source>
        <translation>关闭此消息</translation>
    </message>
</context>
<context>
    <name>MessageBars</name>
    <message>
        <source>Earlier messages, to be seen when these are closed: {count}</source>
        <translation>关闭这些消息后可查看的更早消息：{count}</translation>
    </message>
</context>
<context>
    <name>MetricPlot</name>
    <message>
        <source>training</source>
        <translation>训练集</translation>
    </message>
    <message>
        <source>validation</source>
        <translation>验证集</translation>
    </message>
</context>
<context>
    <name>Minimap</name>
    <message>
        <source>Map of the model</source>
        <translation>模型缩略图</translation>
    </message>
</context>
<context>
    <name>Numbers</name>
    <message>
        <source>Copy values</source>
        <translation>复制数值</translation>
    </message>
    <message>
        <source>More than a million values are better exported than copied.</source>
        <translation>超过一百万个值时，建议导出而不是复制。</translation>
    </message>
    <message>
        <source>Some of the selected values have not been read. Scroll over them once, or export them.</source>
        <translation>部分选中的值尚未读取。请先滚动浏览一遍，或将其导出。</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>数值</translation>
    </message>
</context>
<context>
    <name>OutlinePanel</name>
    <message>
        <source>Search layers</source>
        <translation>搜索层</translation>
    </message>
    <message>
        <source>The layers of the open model appear here.</source>
        <translation>已打开模型的层会显示在这里。</translation>
    </message>
</context>
<context>
    <name>PictureDialog</name>
    <message>
        <source> dpi</source>
        <translation> dpi</translation>
    </message>
    <message>
        <source> pixels wide</source>
        <translation> 像素宽</translation>
    </message>
    <message>
        <source>, sharp at any size</source>
        <translation>，任意尺寸都清晰</translation>
    </message>
    <message>
        <source>Arguments</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Arranged anew</source>
        <translation>重新布局</translation>
    </message>
    <message>
        <source>As large as the arrangement turns out.</source>
        <translation>大小由布局结果决定。</translation>
    </message>
    <message>
        <source>As on the canvas</source>
        <translation>与画布一致</translation>
    </message>
    <message>
        <source>Cards</source>
        <translation>卡片</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Direction</source>
        <translation>方向</translation>
    </message>
    <message>
        <source>Export Picture</source>
        <translation>导出图片</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Identical blocks as one of them</source>
        <translation>将相同的块折叠为一个</translation>
    </message>
    <message>
        <source>Layer names</source>
        <translation>层名称</translation>
    </message>
    <message>
        <source>Left to right</source>
        <translation>从左到右</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Nested models open</source>
        <translation>展开嵌套模型</translation>
    </message>
    <message>
        <source>Output dtypes</source>
        <translation>输出 dtype</translation>
    </message>
    <message>
        <source>Output shapes</source>
        <translation>输出形状</translation>
    </message>
    <message>
        <source>Resolution</source>
        <translation>分辨率</translation>
    </message>
    <message>
        <source>Shown</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Text for Graphviz, which arranges the graph itself.</source>
        <translation>Graphviz 文本，由 Graphviz 自行布局。</translation>
    </message>
    <message>
        <source>Top to bottom</source>
        <translation>从上到下</translation>
    </message>
    <message>
        <source>Transparent ground</source>
        <translation>透明背景</translation>
    </message>
    <message>
        <source>{width} × {height} pixels</source>
        <translation>{width} × {height} 像素</translation>
    </message>
</context>
<context>
    <name>ProblemsPanel</name>
    <message>
        <source>No problems: all shapes fit, and nothing in the file is risky.</source>
        <translation>没有问题：所有形状都匹配，文件中也没有风险内容。</translation>
    </message>
    <message>
        <source>Problems of the open model appear here.</source>
        <translation>已打开模型的问题会显示在这里。</translation>
    </message>
    <message>
        <source>What</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>位置</translation>
    </message>
</context>
<context>
    <name>RunsPanel</name>
    <message>
        <source>Training runs of the open project appear here, also those that were started elsewhere.</source>
        <translation>已打开项目的训练记录会显示在这里，包括在别处启动的训练。</translation>
    </message>
</context>
<context>
    <name>ScaleBar</name>
    <message>
        <source>Magenta: not a number.</source>
        <translation>品红色：非数值 (NaN)。</translation>
    </message>
    <message>
        <source>There are values above the scale: they have its last colour.</source>
        <translation>有些值超出色标上限，以末端颜色显示。</translation>
    </message>
    <message>
        <source>There are values below the scale: they have its first colour.</source>
        <translation>有些值低于色标下限，以首端颜色显示。</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source> MB</source>
        <translation> MB</translation>
    </message>
    <message>
        <source>2,048 MB (usual)</source>
        <translation>2,048 MB（默认）</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Counts from the next start of kgui.</source>
        <translation>下次启动 kgui 时生效。</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Files</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Kept in {file}</source>
        <translation>保存在 {file}</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Larger ones are refused. Counts from the next start.</source>
        <translation>超出此限制的文件会被拒绝。下次启动时生效。</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Memory of the reader</source>
        <translation>读取进程内存</translation>
    </message>
    <message>
        <source>Open the last files again</source>
        <translation>重新打开上次的文件</translation>
    </message>
    <message>
        <source>Session</source>
        <translation>会话</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>启动</translation>
    </message>
    <message>
        <source>The arrangement of the window always comes back.</source>
        <translation>窗口布局总会恢复。</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Filter by command or key</source>
        <translation>按命令或按键筛选</translation>
    </message>
    <message>
        <source>Keyboard Shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>No command has such a name or key.</source>
        <translation>没有匹配的命令或按键。</translation>
    </message>
</context>
<context>
    <name>SummaryDialog</name>
    <message>
        <source>Export Summary</source>
        <translation>导出摘要</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Layers of nested models too</source>
        <translation>包括嵌套模型的层</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>行</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>The table is too long to be shown here.</source>
        <translation>表格过长，无法在此显示。</translation>
    </message>
    <message numerus="yes">
        <source>… and {count} more lines</source>
        <translation>
            <numerusform>… 另有 {count} 行</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SummaryPanel</name>
    <message>
        <source>An estimate, without what the framework itself takes:</source>
        <translation>估算值，不含框架自身的占用：</translation>
    </message>
    <message>
        <source>Batch size</source>
        <translation>批大小</translation>
    </message>
    <message>
        <source>Choose which columns are shown</source>
        <translation>选择要显示的列</translation>
    </message>
    <message>
        <source>Columns</source>
        <translation>列</translation>
    </message>
    <message>
        <source>Copy rows</source>
        <translation>复制行</translation>
    </message>
    <message>
        <source>Filter by name, class, shape …</source>
        <translation>按名称、类、形状筛选 …</translation>
    </message>
    <message>
        <source>Open a model to see its layers here.</source>
        <translation>打开模型即可在此查看它的层。</translation>
    </message>
    <message>
        <source>activations {0} × {1} = {2}</source>
        <translation>激活值 {0} × {1} = {2}</translation>
    </message>
    <message>
        <source>batch </source>
        <translation>批大小 </translation>
    </message>
    <message>
        <source>gradients {0}</source>
        <translation>梯度 {0}</translation>
    </message>
    <message>
        <source>optimizer {0}: {1}</source>
        <translation>优化器 {0}：{1}</translation>
    </message>
    <message>
        <source>weights {0}</source>
        <translation>权重 {0}</translation>
    </message>
    <message>
        <source>{name} (as compiled)</source>
        <translation>{name}（按编译设置）</translation>
    </message>
    <message>
        <source>{name} (taken, as not compiled)</source>
        <translation>{name}（未编译，假定使用）</translation>
    </message>
    <message>
        <source>{sign} {size} to train</source>
        <translation>训练内存 {sign} {size}</translation>
    </message>
    <message>
        <source>{total} parameters  ·  {trainable} trainable</source>
        <translation>参数量 {total}  ·  可训练 {trainable}</translation>
    </message>
</context>
<context>
    <name>Tools</name>
    <message>
        <source>Compare With</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Written: {file}</source>
        <translation>已写入：{file}</translation>
    </message>
</context>
<context>
    <name>TrainingPanel</name>
    <message>
        <source>  Best: {metric} {value:.4f} in epoch {epoch}.</source>
        <translation>  最佳：第 {epoch} 轮的 {metric} 为 {value:.4f}。</translation>
    </message>
    <message>
        <source>  ·  paused</source>
        <translation>  ·  已暂停</translation>
    </message>
    <message>
        <source>  ·  validating</source>
        <translation>  ·  正在验证</translation>
    </message>
    <message>
        <source>Curves appear with the first step.</source>
        <translation>完成第一步后将显示曲线。</translation>
    </message>
    <message>
        <source>Epoch {epoch} of {epochs}  ·  step {step} of {steps}</source>
        <translation>第 {epoch}/{epochs} 轮  ·  第 {step}/{steps} 步</translation>
    </message>
    <message>
        <source>Open a project, such as the bundled sample, to train its model and watch it learn.</source>
        <translation>打开一个项目（例如自带的示例），即可训练其中的模型并观察学习过程。</translation>
    </message>
    <message>
        <source>Open the Sample</source>
        <translation>打开示例</translation>
    </message>
    <message>
        <source>Starting …</source>
        <translation>正在启动 …</translation>
    </message>
    <message>
        <source>TensorFlow is starting …</source>
        <translation>正在启动 TensorFlow …</translation>
    </message>
    <message>
        <source>The first step is being compiled …</source>
        <translation>正在编译第一步 …</translation>
    </message>
    <message>
        <source>The model is being built …</source>
        <translation>正在构建模型 …</translation>
    </message>
    <message>
        <source>The model is being saved …</source>
        <translation>正在保存模型 …</translation>
    </message>
    <message numerus="yes">
        <source>Train {name}: {epochs} epochs, {batch} samples per step, on {devices}.</source>
        <translation>
            <numerusform>训练 {name}：{epochs} 个轮次 (epoch)，批大小 {batch}，使用 {devices}。</numerusform>
        </translation>
    </message>
    <message>
        <source>best {value:.4f}</source>
        <translation>最佳 {value:.4f}</translation>
    </message>
    <message>
        <source>{count} devices</source>
        <translation>{count} 个设备</translation>
    </message>
    <message>
        <source>{rate} steps/s</source>
        <translation>{rate} 步/秒</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
</context>
<context>
    <name>WelcomePage</name>
    <message>
        <source>Files that you open are listed here.</source>
        <translation>打开过的文件会列在这里。</translation>
    </message>
    <message>
        <source>Open, understand, build and train Keras models.</source>
        <translation>打开、理解、构建和训练 Keras 模型。</translation>
    </message>
    <message>
        <source>Project: model, data and training plan</source>
        <translation>项目：模型、数据和训练计划</translation>
    </message>
    <message>
        <source>Recent</source>
        <translation>最近打开</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>示例</translation>
    </message>
</context>
<context>
    <name>Window</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Close this tab</source>
        <translation>关闭此标签页</translation>
    </message>
    <message>
        <source>Engine busy</source>
        <translation>引擎忙碌</translation>
    </message>
    <message>
        <source>Engine off</source>
        <translation>引擎未启动</translation>
    </message>
    <message>
        <source>Engine ready</source>
        <translation>引擎就绪</translation>
    </message>
    <message>
        <source>Engine starting …</source>
        <translation>引擎正在启动 …</translation>
    </message>
    <message>
        <source>No file was open yet</source>
        <translation>还没有打开过文件</translation>
    </message>
    <message>
        <source>No samples are installed</source>
        <translation>没有安装示例</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Open the log</source>
        <translation>打开日志</translation>
    </message>
    <message>
        <source>Opening {files} …</source>
        <translation>正在打开 {files} …</translation>
    </message>
    <message>
        <source>Read again</source>
        <translation>重新读取</translation>
    </message>
    <message>
        <source>Reader off</source>
        <translation>读取进程未启动</translation>
    </message>
    <message>
        <source>Reader ready</source>
        <translation>读取进程就绪</translation>
    </message>
    <message>
        <source>Reader starting …</source>
        <translation>读取进程正在启动 …</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Show what</source>
        <translation>查看详情</translation>
    </message>
    <message>
        <source>The reader ended by itself and has been started again. Nothing is lost.</source>
        <translation>读取进程意外退出，现已重新启动。没有丢失任何内容。</translation>
    </message>
    <message>
        <source>This project is being trained now.</source>
        <translation>此项目正在训练。</translation>
    </message>
    <message>
        <source>Toolbar</source>
        <translation>工具栏</translation>
    </message>
    <message>
        <source>Training starts …</source>
        <translation>训练即将开始 …</translation>
    </message>
    <message>
        <source>Training: {percent} %</source>
        <translation>训练：{percent}%</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>{file} could not be opened because of an error in kgui itself. The log says more.</source>
        <translation>kgui 自身出错，无法打开 {file}。详情见日志。</translation>
    </message>
    <message>
        <source>{file} has changed on the disk since it was read.</source>
        <translation>{file} 读取之后在磁盘上已被修改。</translation>
    </message>
    <message>
        <source>{file} holds something that other programs would run or read: {where}. kgui has run nothing of it.</source>
        <translation>{file} 含有其他程序可能会执行或读取的内容：{where}。kgui 没有执行其中任何内容。</translation>
    </message>
    <message>
        <source>{file} holds {count} things that other programs would run or read. kgui has run nothing of them.</source>
        <translation>{file} 含有 {count} 处其他程序可能会执行或读取的内容。kgui 没有执行其中任何内容。</translation>
    </message>
    <message>
        <source>{file} is no longer there. What is shown is what it was; its values cannot be read.</source>
        <translation>{file} 已不存在。当前显示的是它之前的内容，无法再读取数值。</translation>
    </message>
    <message>
        <source>{file} was not read: the reader ended while it was at it. It has been started again.</source>
        <translation>未能读取 {file}：读取进程中途退出，现已重新启动。</translation>
    </message>
    <message>
        <source>{file} was not read: the reader was stuck in it for {seconds} s and has been started again.</source>
        <translation>未能读取 {file}：读取进程在其中停滞了 {seconds} 秒，现已重新启动。</translation>
    </message>
    <message numerus="yes">
        <source>{layers} layers  ·  {params} parameters</source>
        <translation>
            <numerusform>{layers} 层  ·  参数量 {params}</numerusform>
        </translation>
    </message>
    <message>
        <source>{name} · trained {time}</source>
        <translation>{name} · 训练于 {time}</translation>
    </message>
</context>
<context>
    <name>ZoomBox</name>
    <message>
        <source>Fit</source>
        <translation>适应</translation>
    </message>
    <message>
        <source>Show all of the model (F)</source>
        <translation>显示整个模型 (F)</translation>
    </message>
    <message>
        <source>Show at 100 % (1)</source>
        <translation>以 100% 显示 (1)</translation>
    </message>
    <message>
        <source>Zoom in (+)</source>
        <translation>放大 (+)</translation>
    </message>
    <message>
        <source>Zoom out (−)</source>
        <translation>缩小 (−)</translation>
    </message>
</context>
<context>
    <name>_Busy</name>
    <message>
        <source>Arranging the graph …</source>
        <translation>正在布局计算图 …</translation>
    </message>
</context>
<context>
    <name>_SideName</name>
    <message numerus="yes">
        <source>{layers} layers  ·  {params}</source>
        <translation>
            <numerusform>{layers} 层  ·  {params}</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>about</name>
    <message>
        <source>Executable</source>
        <translation>可执行文件</translation>
    </message>
    <message>
        <source>System</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>not installed</source>
        <translation>未安装</translation>
    </message>
</context>
<context>
    <name>actions</name>
    <message>
        <source>100 %</source>
        <translation>100%</translation>
    </message>
    <message>
        <source>About kgui</source>
        <translation>关于 kgui</translation>
    </message>
    <message>
        <source>All shortcuts on one page.</source>
        <translation>在一页上列出所有快捷键。</translation>
    </message>
    <message>
        <source>Arrange</source>
        <translation>重新布局</translation>
    </message>
    <message>
        <source>As the System</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Bring the selected layer into sight everywhere.</source>
        <translation>在所有视图中定位到所选的层。</translation>
    </message>
    <message>
        <source>Close All Nested Models</source>
        <translation>收起所有嵌套模型</translation>
    </message>
    <message>
        <source>Close Tab</source>
        <translation>关闭标签页</translation>
    </message>
    <message>
        <source>Close the window. A training run goes on by itself.</source>
        <translation>关闭窗口。正在进行的训练会继续运行。</translation>
    </message>
    <message>
        <source>Close this tab.</source>
        <translation>关闭此标签页。</translation>
    </message>
    <message>
        <source>Command Palette…</source>
        <translation>命令面板…</translation>
    </message>
    <message>
        <source>Compare With…</source>
        <translation>比较…</translation>
    </message>
    <message>
        <source>Compare two models first.</source>
        <translation>请先比较两个模型。</translation>
    </message>
    <message>
        <source>Copy Layer Name</source>
        <translation>复制层名称</translation>
    </message>
    <message>
        <source>Copy the name of the selected layer.</source>
        <translation>复制所选层的名称。</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Dark text on a light ground.</source>
        <translation>浅色背景，深色文字。</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>End the training after this step and keep the model as it is then.</source>
        <translation>在当前步之后结束训练，并保留届时的模型。</translation>
    </message>
    <message>
        <source>Export Picture…</source>
        <translation>导出图片…</translation>
    </message>
    <message>
        <source>Export Summary…</source>
        <translation>导出摘要…</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>File/Open Recent</source>
        <translation>文件/打开最近的文件</translation>
    </message>
    <message>
        <source>File/Samples</source>
        <translation>文件/示例</translation>
    </message>
    <message>
        <source>Fill the view with what is selected.</source>
        <translation>让所选内容充满视图。</translation>
    </message>
    <message>
        <source>Find and run any command by its name.</source>
        <translation>按名称查找并运行任意命令。</translation>
    </message>
    <message>
        <source>Find in Graph…</source>
        <translation>在计算图中查找…</translation>
    </message>
    <message>
        <source>Find layers by name, class, argument or shape.</source>
        <translation>按名称、类、参数或形状查找层。</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>适应窗口</translation>
    </message>
    <message>
        <source>Fold Repeated Blocks</source>
        <translation>折叠重复的块</translation>
    </message>
    <message>
        <source>Forget where cards were put by hand, and lay everything out anew.</source>
        <translation>忽略手动摆放的位置，重新布局所有卡片。</translation>
    </message>
    <message>
        <source>Full Screen</source>
        <translation>全屏</translation>
    </message>
    <message>
        <source>Give the whole screen to the window.</source>
        <translation>让窗口占满整个屏幕。</translation>
    </message>
    <message>
        <source>Go to Selection</source>
        <translation>转到所选内容</translation>
    </message>
    <message>
        <source>Go to the layer before that differs.</source>
        <translation>转到上一个有差异的层。</translation>
    </message>
    <message>
        <source>Go to the next layer that differs.</source>
        <translation>转到下一个有差异的层。</translation>
    </message>
    <message>
        <source>Go to the tab on the left.</source>
        <translation>转到左侧的标签页。</translation>
    </message>
    <message>
        <source>Go to the tab on the right.</source>
        <translation>转到右侧的标签页。</translation>
    </message>
    <message>
        <source>Graph</source>
        <translation>计算图</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Keyboard Shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Lay the graph out from left to right.</source>
        <translation>从左到右排列计算图。</translation>
    </message>
    <message>
        <source>Lay the graph out from top to bottom.</source>
        <translation>从上到下排列计算图。</translation>
    </message>
    <message>
        <source>Left to Right</source>
        <translation>从左到右</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Light or dark as the desktop is.</source>
        <translation>与桌面的浅色或深色保持一致。</translation>
    </message>
    <message>
        <source>Light text on a dark ground.</source>
        <translation>深色背景，浅色文字。</translation>
    </message>
    <message>
        <source>Next Difference</source>
        <translation>下一处差异</translation>
    </message>
    <message>
        <source>Next Tab</source>
        <translation>下一个标签页</translation>
    </message>
    <message>
        <source>No file is open.</source>
        <translation>没有打开的文件。</translation>
    </message>
    <message>
        <source>No other model is nested in this one.</source>
        <translation>此模型中没有嵌套其他模型。</translation>
    </message>
    <message>
        <source>No run of this project has finished yet.</source>
        <translation>此项目还没有完成过训练。</translation>
    </message>
    <message>
        <source>Nothing is being trained.</source>
        <translation>当前没有正在进行的训练。</translation>
    </message>
    <message>
        <source>One step farther.</source>
        <translation>缩小一级。</translation>
    </message>
    <message>
        <source>One step nearer. The wheel does the same with Ctrl held down.</source>
        <translation>放大一级。按住 Ctrl 滚动滚轮效果相同。</translation>
    </message>
    <message>
        <source>Open All Nested Models</source>
        <translation>展开所有嵌套模型</translation>
    </message>
    <message>
        <source>Open Log File</source>
        <translation>打开日志文件</translation>
    </message>
    <message>
        <source>Open Nested Model in a Tab</source>
        <translation>在标签页中打开嵌套模型</translation>
    </message>
    <message>
        <source>Open Trained Model</source>
        <translation>打开训练好的模型</translation>
    </message>
    <message>
        <source>Open a file first.</source>
        <translation>请先打开文件。</translation>
    </message>
    <message>
        <source>Open a model first.</source>
        <translation>请先打开模型。</translation>
    </message>
    <message>
        <source>Open a model first: its graph is then here.</source>
        <translation>请先打开模型，这里会显示它的计算图。</translation>
    </message>
    <message>
        <source>Open a project first, such as a bundled sample: a project says what to train on.</source>
        <translation>请先打开项目（例如自带的示例）：项目说明用什么数据训练。</translation>
    </message>
    <message>
        <source>Open every nested model in its place, however deep.</source>
        <translation>就地展开每个嵌套模型，不论嵌套多深。</translation>
    </message>
    <message>
        <source>Open models or projects in tabs.</source>
        <translation>在标签页中打开模型或项目。</translation>
    </message>
    <message>
        <source>Open the model that this project&apos;s last run has trained.</source>
        <translation>打开此项目最近一次训练得到的模型。</translation>
    </message>
    <message>
        <source>Open…</source>
        <translation>打开…</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Pause the training after this step, or go on with it.</source>
        <translation>在当前步之后暂停训练，或继续训练。</translation>
    </message>
    <message>
        <source>Previous Difference</source>
        <translation>上一处差异</translation>
    </message>
    <message>
        <source>Previous Tab</source>
        <translation>上一个标签页</translation>
    </message>
    <message>
        <source>Put every panel back to its first place.</source>
        <translation>将所有面板恢复到初始位置。</translation>
    </message>
    <message>
        <source>Python Code…</source>
        <translation>Python 代码…</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Read Again</source>
        <translation>重新读取</translation>
    </message>
    <message>
        <source>Read the file of this tab from the disk again.</source>
        <translation>从磁盘重新读取此标签页的文件。</translation>
    </message>
    <message>
        <source>Reset Panels</source>
        <translation>重置面板</translation>
    </message>
    <message>
        <source>Select Nothing</source>
        <translation>取消选择</translation>
    </message>
    <message>
        <source>Select a layer first.</source>
        <translation>请先选择一个层。</translation>
    </message>
    <message>
        <source>Select a nested model first.</source>
        <translation>请先选择一个嵌套模型。</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Show Python that builds the same model.</source>
        <translation>显示构建相同模型的 Python 代码。</translation>
    </message>
    <message>
        <source>Show a run of identical blocks as one of them, with how many there are.</source>
        <translation>将一连串相同的块显示为一个，并注明数量。</translation>
    </message>
    <message>
        <source>Show all of the model.</source>
        <translation>显示整个模型。</translation>
    </message>
    <message>
        <source>Show every nested model as one card.</source>
        <translation>将每个嵌套模型显示为一张卡片。</translation>
    </message>
    <message>
        <source>Show side by side what differs between this model and another.</source>
        <translation>并排显示此模型与另一个模型的差异。</translation>
    </message>
    <message>
        <source>Show the file with everything that went wrong.</source>
        <translation>显示记录所有错误的文件。</translation>
    </message>
    <message>
        <source>Show the graph in its own size.</source>
        <translation>以原始大小显示计算图。</translation>
    </message>
    <message>
        <source>Show the model itself in the inspector.</source>
        <translation>在检查器中显示模型本身。</translation>
    </message>
    <message>
        <source>Show the selected nested model in a tab of its own. A double-click does the same.</source>
        <translation>在单独的标签页中显示所选的嵌套模型。双击效果相同。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Theme, language, what comes back at the next start, limits.</source>
        <translation>主题、语言、下次启动时恢复的内容以及限制。</translation>
    </message>
    <message>
        <source>Top to Bottom</source>
        <translation>从上到下</translation>
    </message>
    <message>
        <source>Train</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Train the model of this project in a process of its own.</source>
        <translation>在独立的进程中训练此项目的模型。</translation>
    </message>
    <message>
        <source>Versions of kgui and of what it is made of.</source>
        <translation>kgui 及其组件的版本。</translation>
    </message>
    <message>
        <source>View</source>
        <translation>视图</translation>
    </message>
    <message>
        <source>View/Panels</source>
        <translation>视图/面板</translation>
    </message>
    <message>
        <source>View/Theme</source>
        <translation>视图/主题</translation>
    </message>
    <message>
        <source>Write the graph as SVG, PDF, PNG or DOT, or copy it.</source>
        <translation>将计算图保存为 SVG、PDF、PNG 或 DOT，或复制它。</translation>
    </message>
    <message>
        <source>Write the table of layers as CSV, Markdown or text, or copy it.</source>
        <translation>将层的表格保存为 CSV、Markdown 或文本，或复制它。</translation>
    </message>
    <message>
        <source>Zoom In</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Zoom Out</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Zoom to Selection</source>
        <translation>缩放到所选内容</translation>
    </message>
</context>
<context>
    <name>compare</name>
    <message>
        <source>Added</source>
        <translation>新增</translation>
    </message>
    <message>
        <source>Changed</source>
        <translation>已更改</translation>
    </message>
    <message>
        <source>Nothing differs: the layers, their arguments and the values of all weights are equal.</source>
        <translation>没有差异：层、参数和所有权重的数值都相同。</translation>
    </message>
    <message>
        <source>Removed</source>
        <translation>已删除</translation>
    </message>
    <message>
        <source>The layers and their arguments are equal. The values of the weights are being compared.</source>
        <translation>层和参数都相同。正在比较权重的数值。</translation>
    </message>
    <message>
        <source>The layers and their arguments are equal. The values of the weights were not compared.</source>
        <translation>层和参数都相同。未比较权重的数值。</translation>
    </message>
    <message>
        <source>Weights differ</source>
        <translation>权重不同</translation>
    </message>
    <message>
        <source>class</source>
        <translation>类</translation>
    </message>
    <message>
        <source>from 0</source>
        <translation>原为 0</translation>
    </message>
    <message>
        <source>inputs</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>moved to after</source>
        <translation>移到其后</translation>
    </message>
    <message>
        <source>name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>not a number</source>
        <translation>非数值 (NaN)</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>未注明</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>only in A, {shape}</source>
        <translation>仅在 A 中，{shape}</translation>
    </message>
    <message>
        <source>only in B, {shape}</source>
        <translation>仅在 B 中，{shape}</translation>
    </message>
    <message>
        <source>output shape</source>
        <translation>输出形状</translation>
    </message>
    <message>
        <source>outputs</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>{percent}, at most {most}</source>
        <translation>{percent}，最大 {most}</translation>
    </message>
</context>
<context>
    <name>config</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy all of it as JSON</source>
        <translation>全部复制为 JSON</translation>
    </message>
    <message>
        <source>Copy value as JSON</source>
        <translation>将值复制为 JSON</translation>
    </message>
    <message>
        <source>Copy with its key</source>
        <translation>连同键一起复制</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>键</translation>
    </message>
    <message>
        <source>Open a model: its config, as the file has it, appears here.</source>
        <translation>打开模型后，文件中的原始配置会显示在这里。</translation>
    </message>
    <message>
        <source>This is nested too deep to be written as JSON. Copy a part of it.</source>
        <translation>嵌套过深，无法写成 JSON。请只复制其中一部分。</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
</context>
<context>
    <name>graphs</name>
    <message>
        <source>Nested in</source>
        <translation>嵌套于</translation>
    </message>
</context>
<context>
    <name>inspector</name>
    <message>
        <source> per sample</source>
        <translation> / 样本</translation>
    </message>
    <message>
        <source>Arguments</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Compiled with</source>
        <translation>编译设置</translation>
    </message>
    <message>
        <source>Cost</source>
        <translation>开销</translation>
    </message>
    <message>
        <source>Cost per sample</source>
        <translation>每个样本的开销</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Inputs and outputs</source>
        <translation>输入与输出</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Origin</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Problems</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Risks</source>
        <translation>风险</translation>
    </message>
    <message>
        <source>Shapes</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>The Weights panel lists the arrays that are in it.</source>
        <translation>“权重”面板列出了其中的数组。</translation>
    </message>
    <message>
        <source>Totals</source>
        <translation>总计</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>activations</source>
        <translation>激活值内存</translation>
    </message>
    <message>
        <source>arrays</source>
        <translation>数组</translation>
    </message>
    <message>
        <source>assumption</source>
        <translation>假定</translation>
    </message>
    <message>
        <source>backend</source>
        <translation>后端</translation>
    </message>
    <message>
        <source>call {number} of {all}</source>
        <translation>第 {number} 次调用，共 {all} 次</translation>
    </message>
    <message>
        <source>checkpoint</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>class</source>
        <translation>类</translation>
    </message>
    <message>
        <source>data files</source>
        <translation>数据文件</translation>
    </message>
    <message>
        <source>dtype</source>
        <translation>dtype</translation>
    </message>
    <message>
        <source>format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>input</source>
        <translation>输入</translation>
    </message>
    <message>
        <source>known by</source>
        <translation>依据</translation>
    </message>
    <message>
        <source>layers</source>
        <translation>层数</translation>
    </message>
    <message>
        <source>module</source>
        <translation>模块</translation>
    </message>
    <message>
        <source>multiply-adds</source>
        <translation>乘加次数</translation>
    </message>
    <message>
        <source>not trainable</source>
        <translation>不可训练</translation>
    </message>
    <message>
        <source>nothing: unknown</source>
        <translation>无：未知</translation>
    </message>
    <message>
        <source>operations</source>
        <translation>运算</translation>
    </message>
    <message>
        <source>output</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>path</source>
        <translation>路径</translation>
    </message>
    <message>
        <source>preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>registered</source>
        <translation>注册名</translation>
    </message>
    <message>
        <source>rule</source>
        <translation>规则推断</translation>
    </message>
    <message>
        <source>saved</source>
        <translation>保存于</translation>
    </message>
    <message>
        <source>shards</source>
        <translation>分片</translation>
    </message>
    <message>
        <source>shared</source>
        <translation>共享</translation>
    </message>
    <message>
        <source>size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>step</source>
        <translation>步</translation>
    </message>
    <message>
        <source>tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>the file</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>trainable</source>
        <translation>可训练</translation>
    </message>
    <message>
        <source>variables</source>
        <translation>变量</translation>
    </message>
    <message>
        <source>weights</source>
        <translation>权重</translation>
    </message>
</context>
<context>
    <name>shortcuts</name>
    <message>
        <source>Go along the wires, or to the card beside</source>
        <translation>沿连线移动，或移到旁边的卡片</translation>
    </message>
    <message>
        <source>Move the canvas while dragging</source>
        <translation>拖动时移动画布</translation>
    </message>
    <message>
        <source>On the canvas</source>
        <translation>在画布上</translation>
    </message>
    <message>
        <source>Open or close the selected nested model</source>
        <translation>展开或收起所选的嵌套模型</translation>
    </message>
    <message>
        <source>Select all cards</source>
        <translation>选择所有卡片</translation>
    </message>
</context>
<context>
    <name>summary</name>
    <message>
        <source>Activations</source>
        <translation>激活值内存</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类</translation>
    </message>
    <message>
        <source>Class of the layer</source>
        <translation>层的类</translation>
    </message>
    <message>
        <source>Connected to</source>
        <translation>连接自</translation>
    </message>
    <message>
        <source>Data type of what comes out</source>
        <translation>输出的数据类型</translation>
    </message>
    <message>
        <source>Dtype</source>
        <translation>dtype</translation>
    </message>
    <message>
        <source>Layer</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Layers that feed this one</source>
        <translation>为此层提供输入的层</translation>
    </message>
    <message>
        <source>Memory of the output for one sample</source>
        <translation>单个样本的输出所占内存</translation>
    </message>
    <message>
        <source>Mult-adds</source>
        <translation>乘加次数</translation>
    </message>
    <message>
        <source>Multiplications with addition for one sample</source>
        <translation>单个样本的乘加运算次数</translation>
    </message>
    <message>
        <source>Name of the layer; layers of a nested model are indented</source>
        <translation>层的名称；嵌套模型的层会缩进显示</translation>
    </message>
    <message>
        <source>Number of values in the weights; a shared layer counts once</source>
        <translation>权重中数值的个数；共享层只计一次</translation>
    </message>
    <message>
        <source>Output shape</source>
        <translation>输出形状</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Shape from</source>
        <translation>形状来源</translation>
    </message>
    <message>
        <source>Shape of what comes out, batch first</source>
        <translation>输出的形状，批维度在前</translation>
    </message>
    <message>
        <source>Trainable</source>
        <translation>可训练</translation>
    </message>
    <message>
        <source>Whether the shape was computed by rule, stored in the file, assumed, or is unknown</source>
        <translation>形状是按规则推断、存于文件、假定，还是未知</translation>
    </message>
    <message>
        <source>Whether training changes the weights</source>
        <translation>训练是否会改变权重</translation>
    </message>
    <message>
        <source>assumed</source>
        <translation>假定</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>partly</source>
        <translation>部分</translation>
    </message>
    <message>
        <source>rule</source>
        <translation>规则</translation>
    </message>
    <message>
        <source>stored</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
</context>
<context>
    <name>weights</name>
    <message>
        <source>Array</source>
        <translation>数组</translation>
    </message>
    <message>
        <source>Axis {axis}</source>
        <translation>轴 {axis}</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Comma-separated values (*.csv)</source>
        <translation>逗号分隔值 (*.csv)</translation>
    </message>
    <message>
        <source>Comma-separated values (.csv) …</source>
        <translation>逗号分隔值 (.csv) …</translation>
    </message>
    <message>
        <source>Compute from {size}</source>
        <translation>读取 {size} 并计算</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy all values as text</source>
        <translation>将所有值复制为文本</translation>
    </message>
    <message>
        <source>Copy rows</source>
        <translation>复制行</translation>
    </message>
    <message>
        <source>Copy the picture</source>
        <translation>复制图片</translation>
    </message>
    <message>
        <source>Data type of the values</source>
        <translation>数值的数据类型</translation>
    </message>
    <message>
        <source>Distribution</source>
        <translation>分布</translation>
    </message>
    <message>
        <source>Draw from {size}</source>
        <translation>读取 {size} 并绘制</translation>
    </message>
    <message>
        <source>Dtype</source>
        <translation>dtype</translation>
    </message>
    <message>
        <source>Each point is the value farthest from zero among {rows} × {columns}.</source>
        <translation>每个点是 {rows} × {columns} 个值中离零最远的值。</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Export the values to a file</source>
        <translation>将数值导出到文件</translation>
    </message>
    <message>
        <source>Filter by name, shape, dtype …</source>
        <translation>按名称、形状、dtype 筛选 …</translation>
    </message>
    <message>
        <source>Filter {filter}</source>
        <translation>卷积核 {filter}</translation>
    </message>
    <message>
        <source>In the file: {path}</source>
        <translation>文件中的位置：{path}</translation>
    </message>
    <message>
        <source>Inf</source>
        <translation>Inf</translation>
    </message>
    <message>
        <source>Input channel</source>
        <translation>输入通道</translation>
    </message>
    <message>
        <source>Length of each axis; sorted by the number of values</source>
        <translation>每个轴的长度；按数值个数排序</translation>
    </message>
    <message>
        <source>Logarithmic</source>
        <translation>对数刻度</translation>
    </message>
    <message>
        <source>Max</source>
        <translation>最大值</translation>
    </message>
    <message>
        <source>Mean</source>
        <translation>平均值</translation>
    </message>
    <message>
        <source>Memory of the values</source>
        <translation>数值所占内存</translation>
    </message>
    <message>
        <source>Min</source>
        <translation>最小值</translation>
    </message>
    <message>
        <source>More than {count} values are better exported than copied</source>
        <translation>超过 {count} 个值时，建议导出而不是复制</translation>
    </message>
    <message>
        <source>Multiplier</source>
        <translation>深度乘数</translation>
    </message>
    <message>
        <source>NaN</source>
        <translation>NaN</translation>
    </message>
    <message>
        <source>Name of the array; a lock marks one that training does not change</source>
        <translation>数组的名称；锁形标记表示训练不会改变它</translation>
    </message>
    <message>
        <source>None of this has weights.</source>
        <translation>所选内容都没有权重。</translation>
    </message>
    <message>
        <source>NumPy file (.npy) …</source>
        <translation>NumPy 文件 (.npy) …</translation>
    </message>
    <message>
        <source>NumPy files (*.npy)</source>
        <translation>NumPy 文件 (*.npy)</translation>
    </message>
    <message>
        <source>Open a model to see its weights here.</source>
        <translation>打开模型即可在此查看它的权重。</translation>
    </message>
    <message>
        <source>Page</source>
        <translation>页</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>RGB</source>
        <translation>RGB</translation>
    </message>
    <message>
        <source>Reading the list of arrays was cancelled.</source>
        <translation>已取消读取数组列表。</translation>
    </message>
    <message>
        <source>Reading the list of arrays …</source>
        <translation>正在读取数组列表 …</translation>
    </message>
    <message>
        <source>Reading {name} …</source>
        <translation>正在读取 {name} …</translation>
    </message>
    <message>
        <source>Shape</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Shows rare values beside frequent ones</source>
        <translation>让罕见的值与常见的值同时可见</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Std</source>
        <translation>标准差</translation>
    </message>
    <message>
        <source>The band goes from the lowest to the highest of {count} values each.</source>
        <translation>色带表示每 {count} 个值中从最小到最大的范围。</translation>
    </message>
    <message>
        <source>The export was cancelled.</source>
        <translation>已取消导出。</translation>
    </message>
    <message>
        <source>The three input channels as red, green and blue, each filter by its own range.</source>
        <translation>三个输入通道分别显示为红、绿、蓝，每个卷积核按自身的数值范围着色。</translation>
    </message>
    <message>
        <source>These values are texts: see them under Values.</source>
        <translation>这些值是文本，请在“数值”中查看。</translation>
    </message>
    <message>
        <source>This array is empty: one of its axes has the length 0.</source>
        <translation>此数组为空：其中一个轴的长度为 0。</translation>
    </message>
    <message>
        <source>This file holds no weights, only what the model is made of.</source>
        <translation>此文件不含权重，只有模型结构。</translation>
    </message>
    <message>
        <source>This model is in no file yet. Save it, and its weights can be seen here.</source>
        <translation>此模型尚未存为文件。保存后即可在此查看权重。</translation>
    </message>
    <message>
        <source>Trainable</source>
        <translation>可训练</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Values</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>Whether training changes the values</source>
        <translation>训练是否会改变这些值</translation>
    </message>
    <message>
        <source>Writing {file} …</source>
        <translation>正在写入 {file} …</translation>
    </message>
    <message>
        <source>Zeros</source>
        <translation>零值</translation>
    </message>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>of {count}</source>
        <translation>/ {count}</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>{count} arrays  ·  {size}</source>
        <translation>{count} 个数组  ·  {size}</translation>
    </message>
    <message>
        <source>{count} filters of {rows} × {columns}.</source>
        <translation>{count} 个 {rows} × {columns} 卷积核。</translation>
    </message>
    <message>
        <source>{count} of {all} arrays  ·  {size}</source>
        <translation>{all} 个数组中的 {count} 个  ·  {size}</translation>
    </message>
    <message>
        <source>{layer} has no weights.</source>
        <translation>{layer} 没有权重。</translation>
    </message>
    <message>
        <source>{name} is now in {file}.</source>
        <translation>{name} 已保存到 {file}。</translation>
    </message>
    <message>
        <source>{rows} rows, {columns} columns.</source>
        <translation>{rows} 行，{columns} 列。</translation>
    </message>
</context>
<context>
    <name>window</name>
    <message>
        <source>Config</source>
        <translation>配置</translation>
    </message>
    <message>
        <source>Console</source>
        <translation>控制台</translation>
    </message>
    <message>
        <source>Differences</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Inspector</source>
        <translation>检查器</translation>
    </message>
    <message>
        <source>Models and projects (*.kgui *.keras *.h5 *.hdf5 *.json *.yaml *.yml *.pb *.index *.zip *.npz);;All files (*)</source>
        <translation>模型和项目 (*.kgui *.keras *.h5 *.hdf5 *.json *.yaml *.yml *.pb *.index *.zip *.npz);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Outline</source>
        <translation>大纲</translation>
    </message>
    <message>
        <source>Problems</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>训练记录</translation>
    </message>
    <message>
        <source>Summary</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
</context>
<context>
    <name>words</name>
    <message>
        <source>no</source>
        <translation>否</translation>
    </message>
    <message>
        <source>the CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>{count} logical CPU devices</source>
        <translation>{count} 个逻辑 CPU 设备</translation>
    </message>
</context>
</TS>
