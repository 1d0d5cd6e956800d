"""What README's measured parts say, in Chinese: pairs of a pattern and what takes its place, in this order."""

import re

PHRASES = [
    (r"\| MNIST \| epochs \| test accuracy \|", "| MNIST | 轮数 | 测试准确率 |"),
    (r"\| Fashion-MNIST \| epochs \| test accuracy \|", "| Fashion-MNIST | 轮数 | 测试准确率 |"),
    (
        r"\| 2,000 strings of 3 to 5 test digits, without noise \| digits read \| whole strings read \|",
        "| 2,000个由3到5个测试数字组成的数字串，无噪声 | 读对的数字 | 整串读对 |",
    ),
    (r"LeNet-5 as published in 1998", "1998年发表的LeNet-5"),
    (r"the same, with distortions", "同上，加变形"),
    (r"here, the network as published in 1998", "本课程，1998年发表的网络"),
    (r"here, the reference recipe", "本课程，参考配方"),
    (r"here, a better recipe", "本课程，更好的配方"),
    (r"here, a faster recipe", "本课程，更快的配方"),
    (r"here, the shortest recipe", "本课程，最短的配方"),
    (r"people without expertise in fashion", "没有时装专业知识的人"),
    (
        r"the reference Fashion-MNIST network: sigmoid, 61,706 parameters",
        "参考Fashion-MNIST网络：sigmoid，61,706个参数",
    ),
    (
        r"here, the same network; other first weights, schedule and decay",
        "本课程，同一网络；换了初始权重、学习率调度和权重衰减",
    ),
    (
        r"here, with ReLU, also between the linear layers: 61,706",
        "本课程，改用ReLU，线性层之间也用：61,706个参数",
    ),
    (r"here, trained on windows", "本课程，按窗口训练"),
    (r"here, trained on strings, 10 % noise", "本课程，按整串训练，加10 %噪声"),
    (r"here, trained on strings", "本课程，按整串训练"),
    (r"Mean ± standard deviation over five random seeds; (.*)\.", r"五个随机种子的平均值±标准差；\1。"),
    (
        r"!\[Left, seconds per epoch: [^\]]*\]",
        "![左：每轮的秒数，常规循环不管有没有工作进程都最慢，fit只用其中一小部分，几乎等于网络本身的计算。"
        "右：每张图像的时间，随批变大到512而下降，两个线程时也更短。]",
    ),
    (r"An epoch of `fit` takes ([\d.]+) seconds\. ", r"`fit`跑一轮用\1秒。"),
    (
        r"The conventional loop \(torchvision's `MNIST` in a `DataLoader`\) takes ([\d.]+) times as long without "
        r"worker processes and ([\d.]+) times as long with two: same network, same optimizer, same batches of (\d+)\. ",
        r"常规循环（`DataLoader`加torchvision的`MNIST`）不用工作进程时是它的\1倍，用两个工作进程时是\2倍："
        r"网络、优化器和批大小（\3）都相同。",
    ),
    (
        r"`fit` itself takes ([\d.]+)% longer than the same steps on one batch that never changes \(single rounds from "
        r"(\S+) to (\S+)\)\. ",
        r"与在同一批数据上反复做同样的步相比，`fit`只慢\1%（单次测量从\2到\3）。",
    ),
    (r"Random distortions of every image add (\S+)%\. ", r"给每张图像加随机变形，多用\1%的时间。"),
    (r"The whole process, with all of MNIST in it, needs (\d+) MB at most\.", r"整个进程连同全部MNIST，最多占\1 MB。"),
    (
        r"\| to reach \| by \| seconds of training \| test accuracy, five seeds \|",
        "| 达到 | 用 | 训练秒数 | 测试准确率，五个种子 |",
    ),
    (
        r"98\.34 %, the reference log \| the reference recipe in the conventional loop, (\d+) epochs",
        r"98.34 %，参考日志 | 参考配方，常规循环，\1轮",
    ),
    (r"the shortest recipe, 1 epoch", "最短的配方，1轮"),
    (r"99\.05 %, LeNet-5 in 1998 \| a faster recipe, 4 epochs", "99.05 %，1998年的LeNet-5 | 更快的配方，4轮"),
    (r"the reference log", "参考日志"),
    (r"So 参考日志's accuracy is reached (\d+) times as fast\. ", r"也就是说，达到参考日志的准确率，速度是\1倍。"),
    (
        r"Medians of (\d+) rounds in which the ways took turns \((\d+) for `fit` beside one batch, and with "
        r"distortions\); ratios formed within each round; all ways have the course's own layers and optimizer\. "
        r"(.*?cpu)\. ",
        r"取\1次轮流测量的中位数（`fit`与单批的比较和加变形的测量为\2次）；比值在每次测量内计算；"
        r"各种做法都用本课程的层和优化器。\3。",
    ),
    (
        r"`make bench` measures again: a quarter of an hour on a quiet machine\.",
        "`make bench`重新测量：机器空闲时约一刻钟。",
    ),
]


def say_in_chinese(text):
    """Return the measured parts of README, ``text``, in Chinese."""
    for pattern, replacement in PHRASES:
        text = re.sub(pattern, replacement, text)
    return text
